import type { CommandSettings } from '../../domain/target.ts';

/** What a word in braces stands for. */
export interface TemplateValues {
  /** Name and id of the run. */
  readonly run: string;
  readonly id: string;
  /** Absolute path of the run's directory. */
  readonly directory: string;
  /** Working directory of the command. */
  readonly cwd: string;
  /** What the submit command called the job; '' before that. */
  readonly job: string;
  readonly command: readonly string[];
}

const names = ['run', 'id', 'directory', 'cwd', 'job'] as const satisfies readonly (keyof TemplateValues)[];

/** The argument that stands for all words of the command that is launched. */
export const commandWords = '{command…}';
/** The same for keyboards without the letter. */
const commandWordsAscii = '{command...}';

/**
 * The template as an argument vector. Each word in braces is replaced within its own argument, so nothing in a value can become another argument;
 * `{command…}` alone in an argument becomes one argument for each word of the command.
 */
export function fillTemplate(template: readonly string[], values: TemplateValues): readonly string[] {
  return template.flatMap((argument) => {
    if (argument === commandWords || argument === commandWordsAscii) return values.command;
    return argument.replace(/\{(\w+)\}/g, (braces, name: string) => {
      const known = names.find((each) => each === name);
      return known === undefined ? braces : values[known];
    });
  });
}

/** What is wrong with a target's templates, in sentences. */
export function templateProblems(settings: CommandSettings): readonly string[] {
  const problems: string[] = [];
  if (!settings.submit.some((argument) => argument === commandWords || argument === commandWordsAscii))
    problems.push(`The submit command has no argument ${commandWords}, so the job would never be told what to run.`);
  for (const key of ['submit', 'status', 'cancel'] as const)
    if (settings[key].length === 0) problems.push(`The ${key} command is empty.`);
  for (const key of ['status', 'cancel'] as const)
    if (!settings[key].some((argument) => /\{(job|id|run|directory)\}/.test(argument)))
      problems.push(`The ${key} command names no job: give it {job}, {id}, {run} or {directory}.`);
  return problems;
}

/**
 * What a submit command calls its job: `job`, `id` or `jobId` of a JSON object, else what stands in angle brackets (LSF), else the last word of the
 * last line (PBS, SLURM, most others). Undefined where it said nothing.
 */
export function jobNameIn(output: string): string | undefined {
  const text = output.trim();
  const named = jsonObject(text);
  for (const key of ['job', 'id', 'jobId', 'job_id']) {
    const value = named?.[key];
    if (typeof value === 'string' || typeof value === 'number') return String(value);
  }
  const lastLine = text.split('\n').at(-1) ?? '';
  const name = /<([^<>\s]+)>/.exec(lastLine)?.[1] ?? lastLine.trim().split(/\s+/).at(-1);
  return name === undefined || name === '' ? undefined : name;
}

/** The object in a text that is one JSON object and nothing else. */
export function jsonObject(text: string): { readonly [key: string]: unknown } | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as { readonly [key: string]: unknown };
  } catch {
    return undefined;
  }
}
