/** What the name of an output file says of its job. */
export interface OutputName {
  /** The name without its ending: `telepathy_150995`; the same for a job's output and its errors. */
  readonly stem: string;
  /** The number of the job, or of the array that it belongs to. */
  readonly jobId: string;
  readonly arrayIndex?: string;
  /** What stands around the number: often the job's name. */
  readonly label: string;
  /** SLURM's own default name, or one that says its name: nothing else needs to be asked. */
  readonly isSure: boolean;
}

const ending = /\.(?:out|err|log)$/i;

/** `slurm-%j.out`, `slurm-%A_%a.out` (man sbatch, "filename pattern"), and names that begin so. */
const sure = /^slurm-\d+(?:_\d+)?$|^slurm[-_.](?:.*[-_.])?\d{2,}/i;

/** A number that may be a job's, with the index within an array behind it. Months of jobs on a cluster have numbers of four digits and more; small ones name seeds and sizes. */
const numbers = /(?<![\dA-Za-z])(\d{4,10})(?:_(\d{1,6}))?(?![\dA-Za-z])/g;
const sureNumbers = /(?<![\dA-Za-z])(\d{1,10})(?:_(\d{1,6}))?(?![\dA-Za-z])/g;

/** Reads a name. Undefined where it cannot be an output of SLURM: another ending, no number, or a number that is a date. */
export function readOutputName(fileName: string): OutputName | undefined {
  if (!ending.test(fileName)) return undefined;
  const stem = fileName.replace(ending, '');
  const isSure = sure.test(stem);
  const found = [...stem.matchAll(isSure ? sureNumbers : numbers)].filter(
    ([, number, index]) => !isDate(number!, index),
  );
  const last = found.at(-1);
  if (last === undefined) return undefined;
  const [written, jobId = '', arrayIndex] = last;
  const label = `${stem.slice(0, last.index)}${stem.slice(last.index + written.length)}`.replace(
    /^[-_.]+|[-_.]+$/g,
    '',
  );
  return {
    stem,
    jobId,
    label: isSure && label === 'slurm' ? '' : label,
    isSure,
    ...(arrayIndex === undefined ? {} : { arrayIndex }),
  };
}

/** The output comes before the errors: people look there first. */
export function orderOutputs(names: readonly string[]): readonly string[] {
  const rank = (name: string): number => ['.out', '.log', '.err'].indexOf(name.slice(-4).toLowerCase());
  return names.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

/** The files that a job's output and errors have by the name of one of them, the output first. They need not be there. */
export function outputsBeside(file: string): readonly string[] {
  const stem = file.replace(ending, '');
  return [...new Set(orderOutputs([file, ...['.out', '.log', '.err'].map((each) => stem + each)]))];
}

/** `20260117`, `20260117_021109`: what scripts put into names of their own. */
function isDate(number: string, index: string | undefined): boolean {
  if (!/^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/.test(number)) return /^1[5-9]\d{8}$/.test(number);
  return index === undefined || index.length >= 4;
}
