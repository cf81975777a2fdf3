import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { FoundRun, PollResult, ReaderCursor, RunFacts } from '../../domain/records.ts';
import { changedFacts } from '../files/changedFacts.ts';
import { describeTime, parseLocalTime } from '../files/localTime.ts';
import { placesIn } from '../files/placesInText.ts';
import { readTextEnds, type TextEnds, wasWrittenHere } from '../files/textEnds.ts';
import type { RunReader } from '../format.ts';
import { endingOf, type JobEnding } from './ending.ts';
import { type OutputName, outputsBeside, readOutputName } from './names.ts';
import { type ScriptMatch, scriptOf } from './scripts.ts';

const version = 1;
/** Programs may train for minutes without a word. */
const quietSeconds = 300;

interface Output {
  readonly file: string;
  readonly ends: TextEnds;
}

/** Reads the ends of a job's output files: who it was and how it ended. What programs print of their metrics is not guessed at. */
export class SlurmReader implements RunReader {
  readonly #run: FoundRun;
  readonly #now: () => number;
  readonly #known = new Map<string, { readonly look: string; readonly ends: TextEnds }>();
  #script: Promise<ScriptMatch | undefined> | undefined;
  #told: RunFacts = {};

  constructor(run: FoundRun, { now = () => Date.now() / 1000 }: { readonly now?: () => number } = {}) {
    this.#run = run;
    this.#now = now;
  }

  async poll(cursor: ReaderCursor | undefined): Promise<PollResult> {
    const outputs = await this.#outputs();
    this.#script ??= scriptOf(this.#run.path, this.#run.root);
    const ending = endingOf(outputs.toReversed().map(({ ends }) => ends.tail));
    const facts = this.#facts(outputs, ending, await this.#script);
    const known = readKnown(cursor);
    const hasEnded = ending !== undefined;
    const reset =
      cursor !== undefined && (known === undefined || isVoid(known, outputs) || (known.hasEnded && !hasEnded));
    const changed = changedFacts(cursor === undefined || reset ? {} : this.#told, facts);
    this.#told = facts;
    const files = Object.fromEntries(outputs.map(({ file, ends }) => [path.basename(file), [ends.inode, ends.size]]));
    return {
      cursor: { version, hasEnded, files },
      reset,
      more: false,
      facts: changed,
      scalars: [],
      media: [],
      problems: [],
    };
  }

  dispose(): void {
    // Files are open only while a poll runs.
  }

  /** The job's output and its errors, where they go to two files of one name. They are asked for by name: a folder may hold the outputs of thousands of jobs. */
  async #outputs(): Promise<readonly Output[]> {
    const outputs: Output[] = [];
    for (const file of outputsBeside(this.#run.path)) {
      const ends = await this.#endsOf(file);
      if (ends !== undefined) outputs.push({ file, ends });
    }
    return outputs;
  }

  async #endsOf(file: string): Promise<TextEnds | undefined> {
    const facts = await stat(file, { bigint: true }).catch(() => undefined);
    if (facts === undefined) return undefined;
    const look = `${facts.ino}:${facts.size}:${facts.mtimeNs}`;
    const known = this.#known.get(file);
    if (known?.look === look) return known.ends;
    const ends = await readTextEnds(file, undefined, known?.ends);
    if (ends !== undefined) this.#known.set(file, { look, ends });
    return ends;
  }

  #facts(outputs: readonly Output[], ending: JobEnding | undefined, script: ScriptMatch | undefined): RunFacts {
    const name = readOutputName(path.basename(this.#run.path));
    const started = startOf(outputs);
    const text = outputs.map(({ ends }) => `${ends.head}\n${ends.tail}`).join('\n');
    const shown = placesIn(text, this.#run.root, [this.#run.root, path.dirname(this.#run.path)]);
    const host = ending?.node ?? outputs.map(({ ends }) => hostIn(ends.head)).find((found) => found !== undefined);
    return {
      ...this.#status(outputs, ending),
      ...identity(name, ending, script),
      ...(started === undefined ? {} : { createdAt: started, startedAt: started }),
      ...(host === undefined ? {} : { host }),
      ...(script === undefined
        ? {}
        : { command: ['sbatch', path.relative(this.#run.root, script.script.file).split(path.sep).join('/')] }),
      ...(shown.length === 0 ? {} : { shows: shown }),
      console: outputs.map(({ file }) => ({ title: path.basename(file), file, encoding: 'text' as const })),
    };
  }

  #status(outputs: readonly Output[], ending: JobEnding | undefined): RunFacts {
    const writtenAt = Math.max(0, ...outputs.map(({ ends }) => ends.modifiedAt));
    if (ending !== undefined)
      return { status: ending.status, statusReason: ending.reason, endedAt: ending.at ?? writtenAt };
    if (writtenAt === 0) return { status: 'unknown', statusReason: 'The output file is gone.' };
    const said = lastTimeIn(outputs);
    const now = this.#now();
    // The time of a copied file alone proves nothing, so what it says must be fresh too, or it must have been written to here.
    const isLive = said === undefined ? outputs.some(({ ends }) => wasWrittenHere(ends)) : now - said < quietSeconds;
    if (now - writtenAt < quietSeconds && isLive)
      return { status: 'running', statusReason: 'The output file is growing.' };
    return {
      status: 'unknown',
      statusReason: `Last output ${describeTime(said ?? writtenAt)}. It does not say how the job ended; SLURM writes nothing where one ends well.`,
    };
  }
}

function identity(
  name: OutputName | undefined,
  ending: JobEnding | undefined,
  script: ScriptMatch | undefined,
): RunFacts {
  const jobId = script?.jobId ?? name?.jobId ?? ending?.jobId;
  const index = script?.arrayIndex ?? name?.arrayIndex;
  const label = script?.jobName ?? name?.label;
  return {
    ...(jobId === undefined ? {} : jobFacts(index === undefined ? jobId : `${jobId}_${index}`)),
    ...(jobId === undefined || index === undefined ? {} : { group: `array ${jobId}` }),
    ...(label === undefined || label === '' ? {} : { project: label }),
  };
}

function jobFacts(id: string): RunFacts {
  return { trackerId: id, slurmJob: id };
}

const timePattern = /\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?/g;
/** SLURM's longest limits are weeks; an earlier date in the text is about something else. */
const longestSeconds = 60 * 86_400;

/** The first moment that the output names, else the file's birth: SLURM makes it when the job starts. */
function startOf(outputs: readonly Output[]): number | undefined {
  const times = outputs.flatMap(({ ends }) => {
    const [first] = ends.head.match(timePattern) ?? [];
    const said = first === undefined ? undefined : parseLocalTime(first);
    // A day of tolerance, since the cluster's clock may be in another zone.
    const isOwn = said !== undefined && said < ends.modifiedAt + 86_400 && said > ends.modifiedAt - longestSeconds;
    return isOwn ? [said] : ends.bornAt < ends.modifiedAt ? [ends.bornAt] : [];
  });
  return times.length === 0 ? undefined : Math.min(...times);
}

function lastTimeIn(outputs: readonly Output[]): number | undefined {
  const times = outputs.flatMap(({ ends }) => {
    const last = ends.tail.match(timePattern)?.at(-1);
    return (last === undefined ? undefined : parseLocalTime(last)) ?? [];
  });
  return times.length === 0 ? undefined : Math.max(...times);
}

/** What scripts print at their start: "Node: n09", "Running on host gpu-3". */
function hostIn(head: string): string | undefined {
  return /^(?:node(?:list)?|host(?:name)?|running on(?: host| node)?|SLURM_(?:JOB_)?NODELIST)\s*[:=]?\s+?([A-Za-z][\w.-]*\d[\w.-]*)\s*$/im.exec(
    head,
  )?.[1];
}

interface Known {
  readonly hasEnded: boolean;
  readonly files: { readonly [name: string]: readonly [string, number] };
}

function readKnown(cursor: ReaderCursor | undefined): Known | undefined {
  if (cursor === null || typeof cursor !== 'object' || Array.isArray(cursor)) return undefined;
  const known = cursor as { readonly version?: unknown; readonly hasEnded?: unknown; readonly files?: unknown };
  if (known.version !== version || typeof known.hasEnded !== 'boolean') return undefined;
  return known.files === null || typeof known.files !== 'object' ? undefined : (known as unknown as Known);
}

/** A job that is started again writes its files anew, unless it was told to append. */
function isVoid({ files }: Known, outputs: readonly Output[]): boolean {
  const now = new Map(outputs.map(({ file, ends }) => [path.basename(file), ends]));
  return Object.entries(files).some(([name, [inode, size]]) => {
    const ends = now.get(name);
    return ends === undefined || ends.inode !== inode || ends.size < size;
  });
}
