import type { Range, WireReader } from '../tensorboard/wire.ts';
import { slurmName } from './slurm.ts';
import type { DefinedMetric, Environment, ExitInfo, RunInfo } from './state.ts';

/**
 * Readers of the small records, by the field numbers of wandb/proto/wandb_internal.proto. Each reads one message to its end and throws MalformedMessage
 * where it is none. What a record leaves out stays out.
 */
type Fields<Target> = { readonly [key: number]: (reader: WireReader, into: Target) => void };

/** Field number and wire type as one key: 0 varint, 1 eight bytes, 2 length. */
const varint = (field: number): number => field * 8;
const sized = (field: number): number => field * 8 + 2;

export function readFields<Target>(reader: WireReader, fields: Fields<Target>, into: Target): Target {
  while (reader.more) {
    const key = reader.key();
    const take = fields[key];
    if (take === undefined) reader.skip(key);
    else take(reader, into);
  }
  return into;
}

const text = (reader: WireReader): string => reader.text(reader.range());

/** google.protobuf.Timestamp in seconds: seconds = 1, nanos = 2. */
export function readTimestamp(reader: WireReader, range: Range): number {
  const found = readFields(
    reader.inside(range),
    {
      [varint(1)]: (inner, into) => {
        into.seconds = inner.signedVarint();
      },
      [varint(2)]: (inner, into) => {
        into.nanos = inner.signedVarint();
      },
    },
    { seconds: 0, nanos: 0 },
  );
  return found.seconds + found.nanos / 1e9;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface RunRecord {
  readonly info: RunInfo;
  /** Place of its ConfigRecord and SummaryRecord. */
  readonly config?: Range;
  readonly summary?: Range;
}

interface RunTarget {
  info: Mutable<RunInfo> & { tags?: string[] };
  config?: Range;
  summary?: Range;
}

const runFields: Fields<RunTarget> = {
  [sized(1)]: (reader, { info }) => {
    info.id = text(reader);
  },
  [sized(2)]: (reader, { info }) => {
    info.entity = text(reader);
  },
  [sized(3)]: (reader, { info }) => {
    info.project = text(reader);
  },
  [sized(4)]: (reader, into) => {
    into.config = reader.range();
  },
  [sized(5)]: (reader, into) => {
    into.summary = reader.range();
  },
  [sized(6)]: (reader, { info }) => {
    info.group = text(reader);
  },
  [sized(7)]: (reader, { info }) => {
    info.jobType = text(reader);
  },
  [sized(8)]: (reader, { info }) => {
    info.name = text(reader);
  },
  [sized(9)]: (reader, { info }) => {
    info.notes = text(reader);
  },
  [sized(10)]: (reader, { info }) => {
    info.tags = [...(info.tags ?? []), text(reader)];
  },
  [sized(12)]: (reader, { info }) => {
    info.sweep = text(reader);
  },
  [sized(13)]: (reader, { info }) => {
    info.host = text(reader);
  },
  [varint(14)]: (reader, { info }) => {
    info.startingStep = reader.signedVarint();
  },
  [sized(17)]: (reader, { info }) => {
    info.startTime = readTimestamp(reader, reader.range());
  },
  [varint(18)]: (reader, { info }) => {
    info.resumed = reader.varint() !== 0;
  },
  [sized(21)]: (reader, { info }) => {
    Object.assign(info, readGit(reader, reader.range()));
  },
};

export function readRun(reader: WireReader): RunRecord {
  return readFields(reader, runFields, { info: {} });
}

/** GitRepoRecord: commit = 2. */
function readGit(reader: WireReader, range: Range): { commit?: string } {
  return readFields(
    reader.inside(range),
    {
      [sized(2)]: (inner, into: { commit?: string }) => {
        into.commit = text(inner);
      },
    },
    {},
  );
}

/** SlurmEntry, an entry of a map: key = 1, value = 2 (EnvironmentRecord.slurm of wandb_internal.proto, 0.30). */
const slurmEntryFields: Fields<{ key: string; value: string }> = {
  [sized(1)]: (reader, into) => {
    into.key = text(reader);
  },
  [sized(2)]: (reader, into) => {
    into.value = text(reader);
  },
};

type EnvironmentTarget = Mutable<Environment> & { args?: string[] };

const environmentFields: Fields<EnvironmentTarget> = {
  [sized(3)]: (reader, into) => {
    into.startedAt = readTimestamp(reader, reader.range());
  },
  [sized(5)]: (reader, into) => {
    into.args = [...(into.args ?? []), text(reader)];
  },
  [sized(6)]: (reader, into) => {
    into.program = text(reader);
  },
  [sized(9)]: (reader, into) => {
    Object.assign(into, readGit(reader, reader.range()));
  },
  [sized(11)]: (reader, into) => {
    into.root = text(reader);
  },
  [sized(12)]: (reader, into) => {
    into.host = text(reader);
  },
  [sized(14)]: (reader, into) => {
    into.executable = text(reader);
  },
  [sized(18)]: (reader, into) => {
    into.gpu = text(reader);
  },
  [varint(19)]: (reader, into) => {
    into.gpuCount = reader.varint();
  },
  [sized(27)]: (reader, into) => {
    const { key, value } = readFields(reader.inside(reader.range()), slurmEntryFields, { key: '', value: '' });
    into.slurm = { ...into.slurm, [slurmName(key)]: value };
  },
};

export function readEnvironment(reader: WireReader): Environment {
  return readFields(reader, environmentFields, {});
}

/** RunExitRecord: exit_code = 1, runtime = 2, not_complete = 3. Undefined where the run goes on elsewhere. */
export function readExit(reader: WireReader): ExitInfo | undefined {
  const { isOpen, code, runtime } = readFields(
    reader,
    {
      [varint(1)]: (inner, into) => {
        into.code = inner.signedVarint();
      },
      [varint(2)]: (inner, into) => {
        into.runtime = inner.signedVarint();
      },
      [varint(3)]: (inner, into) => {
        into.isOpen = inner.varint() !== 0;
      },
    },
    { code: 0, runtime: 0, isOpen: false },
  );
  return isOpen ? undefined : { code, runtime };
}

interface MetricTarget {
  name: string;
  defined: Mutable<DefinedMetric>;
}

const goals: { readonly [goal: number]: 'minimize' | 'maximize' } = { 1: 'minimize', 2: 'maximize' };

/** MetricSummary: min = 1, max = 2. */
const summaryFields: Fields<Mutable<DefinedMetric>> = {
  [varint(1)]: (reader, into) => {
    if (reader.varint() !== 0) into.summary = 'min';
  },
  [varint(2)]: (reader, into) => {
    if (reader.varint() !== 0) into.summary = 'max';
  },
};

/** MetricRecord. `name` is empty for patterns: the tags that fit one get records of their own. */
export function readMetric(reader: WireReader): { readonly name: string; readonly defined: DefinedMetric } {
  return readFields<MetricTarget>(
    reader,
    {
      [sized(1)]: (inner, into) => {
        into.name = text(inner);
      },
      [sized(4)]: (inner, { defined }) => {
        defined.over = text(inner);
      },
      [sized(7)]: (inner, { defined }) => {
        readFields(inner.inside(inner.range()), summaryFields, defined);
      },
      [varint(8)]: (inner, { defined }) => {
        const goal = goals[inner.varint()];
        if (goal !== undefined) defined.goal = goal;
      },
    },
    { name: '', defined: {} },
  );
}

/** OutputRecord and OutputRawRecord: output_type = 1 (1 is standard output), timestamp = 2, line = 3. */
export function readOutput(reader: WireReader): {
  readonly time: number | undefined;
  readonly line: Range | undefined;
} {
  return readFields<{ time: number | undefined; line: Range | undefined }>(
    reader,
    {
      [sized(2)]: (inner, into) => {
        into.time = readTimestamp(inner, inner.range());
      },
      [sized(3)]: (inner, into) => {
        into.line = inner.range();
      },
    },
    { time: undefined, line: undefined },
  );
}
