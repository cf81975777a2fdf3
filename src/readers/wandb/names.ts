/** `run-20260312_025007-yonnef03`, `offline-run-…`, and `dryrun-…` of versions before 0.10; a process of its own may add a suffix. */
const runFolder = /^(?:run|offline-run|dryrun)-(\d{8}_\d{6})-(.+)$/;

/** The W&B id in the name of a run's folder, or undefined where it is none. Folders of one id are one run that was resumed. */
export function wandbIdOf(folderName: string): string | undefined {
  return runFolder.exec(folderName)?.[2];
}

/** The local time at which a run's folder was made, as its name says it: "2026-03-12T02:50:07". */
export function timeOfFolder(folderName: string): string | undefined {
  const digits = runFolder.exec(folderName)?.[1];
  return digits?.replace(/^(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6');
}

/** The names of the folder that holds the runs. */
export const parentNames: ReadonlySet<string> = new Set(['wandb', '.wandb']);

const logEnd = '.wandb';

export function isLogName(fileName: string): boolean {
  return fileName.endsWith(logEnd) && fileName.length > logEnd.length;
}

/** The id in the name of a transaction log, `run-ID.wandb`. */
export function idOfLog(fileName: string): string | undefined {
  return /^run-(.+)\.wandb$/.exec(fileName)?.[1];
}

/** The transaction log among a folder's files: the one of the folder's own id where there are several. */
export function logOf(folderName: string, files: readonly string[]): string | undefined {
  const logs = files.filter(isLogName).sort();
  const id = wandbIdOf(folderName);
  return logs.find((name) => idOfLog(name) === id) ?? logs[0];
}

/** Files beside a run's log, relative to the run's folder. */
export interface SideFileNames {
  readonly config: string;
  readonly metadata: string;
  readonly summary: string;
  readonly output: string;
  /** A folder with the output in several files, where the program asked for that (console_multipart). */
  readonly outputFolder: string;
  readonly patch: string;
  readonly debugLog?: string;
  readonly internalLog?: string;
}

export const sideFileNames: SideFileNames = {
  config: 'files/config.yaml',
  metadata: 'files/wandb-metadata.json',
  summary: 'files/wandb-summary.json',
  output: 'files/output.log',
  outputFolder: 'files/logs',
  patch: 'files/diff.patch',
  debugLog: 'logs/debug.log',
  internalLog: 'logs/debug-internal.log',
};

/** The same of versions before 0.10, which put everything into the run's folder itself. */
export const oldSideFileNames: SideFileNames = {
  config: 'config.yaml',
  metadata: 'wandb-metadata.json',
  summary: 'wandb-summary.json',
  output: 'output.log',
  outputFolder: 'logs',
  patch: 'diff.patch',
};

/** Rows and figures of the machine of versions before 0.10: a JSON object per line. */
export const oldLogs = { history: 'wandb-history.jsonl', events: 'wandb-events.jsonl' } as const;
