/** Writes a line to the worker's log, which is its standard error. */
export function logLine(message: string): void {
  console.error(`${new Date().toISOString()} [${process.pid}] ${message}`);
}
