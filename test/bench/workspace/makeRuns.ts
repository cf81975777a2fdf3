import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { scalarV1, version } from '../../unit/readers/support/events.ts';
import { TrackioWriter, trackioVersions } from '../../unit/readers/support/trackio.ts';
import { exit, history, logBytes, runRecord } from '../../unit/readers/support/wandbLog.ts';

/** How many values each run has: so many tags at so many steps. */
export interface RunSize {
  readonly tags: number;
  readonly steps: number;
}

export const trackers = ['tensorboard', 'wandb', 'lightning', 'jsonl', 'trackio'] as const;
export type Tracker = (typeof trackers)[number];

/** Of ten runs so many are of each tracker. */
const shares: { readonly [T in Tracker]: number } = { tensorboard: 4, wandb: 2, lightning: 2, jsonl: 1, trackio: 1 };
const wheel = trackers.flatMap((tracker) => Array.from({ length: shares[tracker] }, () => tracker));
const runsPerDatabase = 50;

/** Writes a workspace of runs of several trackers, which differ in their first values. Gives how many of each there are. */
export function makeRuns(root: string, count: number, size: RunSize): ReadonlyMap<Tracker, number> {
  const makers = {
    tensorboard: eventFiles(root, size),
    wandb: wandbLogs(root, size),
    lightning: metricTables(root, size),
    jsonl: jsonLines(root, size),
    trackio: trackioRuns(root, size),
  } satisfies { [T in Tracker]: Maker };
  const counts = new Map<Tracker, number>();
  for (let index = 0; index < count; index++) {
    const tracker = wheel[index % wheel.length]!;
    const number = counts.get(tracker) ?? 0;
    makers[tracker].run(number, index);
    counts.set(tracker, number + 1);
  }
  for (const maker of Object.values<Maker>(makers)) maker.end?.();
  return counts;
}

interface Maker {
  /** Writes the run of this number; `index` counts the runs of all trackers and is in its first values. */
  run(number: number, index: number): void;
  end?(): void;
}

const start = 1_700_000_000;
const tagNames = (tags: number) => Array.from({ length: tags }, (_, tag) => `group${tag % 4}/metric_${tag}`);
/** The tracker's number keeps values of different trackers apart. */
const valueAt = (kind: number, index: number, tag: number, step: number) =>
  step === 0 ? index + kind / 10 + tag : (kind + tag + 1) / (step + 1);

/** Runs of a kind are the same but for their first step, so that thousands are written within a minute. */
function eventFiles(root: string, { tags, steps }: RunSize): Maker {
  const names = tagNames(tags);
  const rows = (step: number, index: number) =>
    names.map((name, tag) => scalarV1(start + step, step, name, valueAt(1, index, tag, step)));
  const rest = Buffer.concat(Array.from({ length: steps - 1 }, (_, step) => Buffer.concat(rows(step + 1, 0))));
  return {
    run: (number, index) =>
      write(
        path.join(root, `events/sweep_${number % 20}/run_${number}/events.out.tfevents.${start}.host.1.0`),
        Buffer.concat([version(), ...rows(0, index), rest]),
      ),
  };
}

function wandbLogs(root: string, { tags, steps }: RunSize): Maker {
  const names = tagNames(tags);
  const row = (step: number, index: number) =>
    history(step, Object.fromEntries(names.map((name, tag) => [name, valueAt(2, index, tag, step)])), {
      time: start + step,
    });
  const rest = Array.from({ length: steps - 1 }, (_, step) => row(step + 1, 0));
  return {
    run: (number, index) => {
      const id = `w${String(number).padStart(7, '0')}`;
      const content = logBytes([runRecord(id), row(0, index), ...rest, exit(0)]);
      write(path.join(root, `wandb/offline-run-20260101_101112-${id}/run-${id}.wandb`), content);
    },
  };
}

function metricTables(root: string, { tags, steps }: RunSize): Maker {
  const names = tagNames(tags);
  const row = (step: number, index: number) =>
    `0,${step},${names.map((_, tag) => valueAt(3, index, tag, step)).join(',')}\n`;
  const rest = Array.from({ length: steps - 1 }, (_, step) => row(step + 1, 0)).join('');
  return {
    run: (number, index) => {
      const folder = path.join(root, `lightning/version_${number}`);
      write(path.join(folder, 'metrics.csv'), `epoch,step,${names.join(',')}\n${row(0, index)}${rest}`);
      write(path.join(folder, 'hparams.yaml'), `lr: 0.001\nseed: ${number}\n`);
    },
  };
}

function jsonLines(root: string, { tags, steps }: RunSize): Maker {
  const names = tagNames(tags);
  const row = (step: number, index: number) =>
    `${JSON.stringify({ step, ...Object.fromEntries(names.map((name, tag) => [name, valueAt(4, index, tag, step)])) })}\n`;
  const rest = Array.from({ length: steps - 1 }, (_, step) => row(step + 1, 0)).join('');
  return {
    run: (number, index) => write(path.join(root, `plain/run_${number}/metrics.jsonl`), row(0, index) + rest),
  };
}

function trackioRuns(root: string, { tags, steps }: RunSize): Maker {
  const names = tagNames(tags);
  const row = (step: number, index: number) =>
    JSON.stringify(Object.fromEntries(names.map((name, tag) => [name, valueAt(5, index, tag, step)])));
  const rest = Array.from({ length: steps - 1 }, (_, step) => row(step + 1, 0));
  let writer: TrackioWriter | undefined;
  const end = () => {
    writer?.database.exec('COMMIT');
    writer?.close();
  };
  return {
    run: (number, index) => {
      if (number % runsPerDatabase === 0) {
        end();
        const folder = path.join(root, 'trackio');
        mkdirSync(folder, { recursive: true });
        writer = new TrackioWriter(path.join(folder, `project_${number}.db`), trackioVersions['0.36.0']!);
        writer.database.exec('BEGIN');
      }
      const name = `run-${number}`;
      for (const [step, metrics] of [row(0, index), ...rest].entries())
        writer!.log(name, step, metrics, { time: start + step });
      writer!.config(name, { lr: 0.001, seed: number });
    },
    end,
  };
}

function write(file: string, content: string | Uint8Array): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
}
