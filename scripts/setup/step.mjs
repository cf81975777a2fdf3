// One line per step of a setup: what is done, and how long it took. Plain JavaScript for the Node that a fresh machine has.

/**
 * Runs `work` and prints one line with its name and its duration. A failure is printed with its name and thrown on.
 * @template T
 * @param {string} what what the step does, in words
 * @param {() => T | Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(what, work) {
  const start = performance.now();
  process.stderr.write(`[setup] ${what} …\n`);
  try {
    const result = await work();
    process.stderr.write(`[setup] ${what}: done in ${seconds(performance.now() - start)}\n`);
    return result;
  } catch (error) {
    process.stderr.write(`[setup] ${what}: failed after ${seconds(performance.now() - start)}\n`);
    throw error;
  }
}

/**
 * A duration for people: `0.4 s`, `12 s`, `3 min 05 s`.
 * @param {number} milliseconds
 * @returns {string}
 */
export function seconds(milliseconds) {
  const total = milliseconds / 1000;
  if (total < 10) return `${total.toFixed(1)} s`;
  if (total < 90) return `${Math.round(total)} s`;
  const minutes = Math.floor(total / 60);
  return `${minutes} min ${String(Math.round(total - minutes * 60)).padStart(2, '0')} s`;
}
