import { readFileSync } from 'node:fs';
import path from 'node:path';
import { AppError } from '../../src/base/errors.ts';
import type { RunSource } from '../../src/domain/run.ts';
import { decodeModel, importModel, type OnnxModel } from '../../src/graph/index.ts';
import { inspectCheckpoint } from '../../src/readers/checkpoints/inspect.ts';
import { MalformedPickle } from '../../src/readers/checkpoints/pickle/source.ts';
import { unpickle } from '../../src/readers/checkpoints/pickle/unpickle.ts';
import { describeTorchValue } from '../../src/readers/checkpoints/torch/describe.ts';
import type { RunFormat } from '../../src/readers/format.ts';
import { decodeMedia, parseExperimentLog, runFormats, trackerMimes } from '../../src/readers/index.ts';
import { fixEventFile, fixWandbLog, fixWriteAheadLog } from './fixUps.ts';
import { readFormat } from './readFormat.ts';
import { eventFileTree, onnxTree, pickleTrees, safetensorsTree, torchTrees, wandbTree } from './seeds/binary.ts';
import { corpusTrees } from './seeds/corpus.ts';
import { hubTrees, mlflowTrees as mlflowDatabases, trackioTrees } from './seeds/databases.ts';
import {
  csvTrees,
  dvcliveTrees,
  experimentLogText,
  hfTrainerTrees,
  hydraTrees,
  jsonlTrees,
  lightningTrees,
  mlflowTrees,
  registryTrees,
  slurmTrees,
  textTree,
} from './seeds/text.ts';
import type { FuzzTarget, Tree } from './target.ts';

const formats = new Map<RunSource, RunFormat>(runFormats.map((format) => [format.source, format]));

/** A format of runs: its folders are matched, opened and read to the end. */
function formatTarget(source: RunSource, seeds: () => readonly Tree[], rest: Partial<FuzzTarget> = {}): FuzzTarget {
  return { seeds, onDisk: true, read: async (input) => void (await readFormat(formats.get(source)!, input)), ...rest };
}

/** A function of bytes: `read` throws only where the function must not. */
function bytesTarget(seeds: () => readonly Tree[], read: (bytes: Uint8Array) => void): FuzzTarget {
  return { seeds, onDisk: false, speed: 16, read: ({ tree }) => read(Object.values(tree)[0]!) };
}

function checkpointTarget(seeds: () => readonly Tree[]): FuzzTarget {
  return {
    seeds,
    onDisk: true,
    speed: 6,
    read: async ({ tree, folder }) => {
      const read = await inspectCheckpoint(`${folder}/${Object.keys(tree)[0]!}`);
      // The answer travels as JSON.
      JSON.stringify(read);
    },
  };
}

const eventFixUps = [{ file: /tfevents/, fix: fixEventFile }];
const logFixUps = [{ file: /-wal$/, fix: fixWriteAheadLog }];

/** Everything that reads foreign bytes. A new reader is a line here, with sound files to begin with. */
export const fuzzTargets: { readonly [name: string]: FuzzTarget } = {
  tensorboard: formatTarget(
    'tensorboard',
    () => [eventFileTree(), ...corpusTrees('tensorboard', /tfevents/), ...corpusTrees('tensorboard_made', /tfevents/)],
    { fixUps: eventFixUps, spoils: /tfevents/, speed: 3 },
  ),
  wandb: formatTarget('wandb', () => [wandbTree(), ...corpusTrees('wandb', /\.wandb$/, { parents: 2 })], {
    fixUps: [{ file: /\.wandb$/, fix: fixWandbLog }],
    spoils: /\.wandb$|config\.yaml$|wandb-(summary|metadata)\.json$/,
  }),
  trackio: formatTarget('trackio', () => [...trackioTrees(), ...corpusTrees('trackio', /\.jsonl$/, { parents: 2 })], {
    fixUps: logFixUps,
  }),
  mlflow: formatTarget('mlflow', () => [...mlflowTrees, ...mlflowDatabases()], { fixUps: logFixUps }),
  'experiment-hub': formatTarget('experiment-hub', hubTrees),
  registry: formatTarget('registry', () => registryTrees),
  hydra: formatTarget('hydra', () => hydraTrees),
  'hf-trainer': formatTarget('hf-trainer', () => [
    ...hfTrainerTrees,
    ...corpusTrees('hf_trainer_state', /trainer_state\.json/),
  ]),
  dvclive: formatTarget('dvclive', () => dvcliveTrees),
  lightning: formatTarget('lightning', () => lightningTrees),
  csv: formatTarget('csv', () => [...csvTrees, ...corpusTrees('rl_progress_csv', /progress\.csv$/, { most: 2 })]),
  jsonl: formatTarget('jsonl', () => jsonlTrees),
  slurm: formatTarget('slurm', () => slurmTrees),
  torch: checkpointTarget(torchTrees),
  onnx: checkpointTarget(() => [onnxTree()]),
  'onnx-import': bytesTarget(importTrees, (bytes) => {
    try {
      const model = decodeModel(bytes, () => new Uint8Array(64));
      importModel(model, { dimensions: openDimensions(model) });
    } catch (error) {
      // Whatever the file is, a person is told what to do next.
      if (!(error instanceof AppError) || error.code === 'internal' || error.hint === undefined) throw error;
    }
  }),
  safetensors: checkpointTarget(() => [safetensorsTree()]),
  pickle: bytesTarget(pickleTrees, (bytes) => {
    try {
      const { value, cut } = unpickle(bytes);
      JSON.stringify(describeTorchValue(value, cut));
    } catch (error) {
      if (!(error instanceof MalformedPickle)) throw error;
    }
  }),
  media: {
    seeds: () => [mediaTree()],
    onDisk: false,
    speed: 16,
    read: ({ tree }) => {
      for (const [name, bytes] of Object.entries(tree)) {
        const [kind, mime] = name.split('|') as ['histogram' | 'curve' | 'table', string];
        decodeMedia({ kind, mime }, bytes);
      }
    },
  },
  'experiment-log': bytesTarget(
    () => [
      textTree({ log: experimentLogText }),
      ...corpusTrees('experiment_log_md', /EXPERIMENT_LOG\.md/).map(onlyLog),
    ],
    (bytes) => void parseExperimentLog(new TextDecoder().decode(bytes), 'EXPERIMENT_LOG.md'),
  ),
};

/** Models that came from PyTorch: convolutions, attention, normalization, tables. */
function importTrees(): readonly Tree[] {
  const folders = { onnx: ['resnet18', 'vit', 'gpt', 'convs'], languageModels: ['bert', 'llama', 'images'] };
  return Object.entries(folders).flatMap(([folder, names]) =>
    names.map((name) => ({
      [`${name}.onnx`]: Uint8Array.from(
        readFileSync(path.join(import.meta.dirname, '../fixtures', folder, `${name}.onnx`)),
      ),
    })),
  );
}

/** Two of whatever a model leaves open. */
function openDimensions({ graph }: OnnxModel): Readonly<Record<string, number>> {
  const open = graph.inputs.flatMap(({ name, shape }) =>
    shape.map((size, axis) => [size ?? `${name}.${axis}`, 2] as const),
  );
  return Object.fromEntries(open.filter(([size]) => typeof size === 'string'));
}

function onlyLog(tree: Tree): Tree {
  const [, content] = Object.entries(tree).find(([name]) => name.endsWith('.md') && name.includes('EXPERIMENT'))!;
  return { log: content };
}

/** One content of each form that panels are given another form of; the name holds kind and type. */
function mediaTree(): Tree {
  const curve = '[{"precision":1,"recall":0.5,"threshold":0.5}]';
  return textTree({
    [`table|${trackerMimes.splitTable}`]:
      '{"columns":["a","b"],"data":[[1,NaN],["x",{"_type":"image-file","path":"media/a.png"}]]}',
    [`histogram|${trackerMimes.wandbHistogram}`]:
      '{"_type":"histogram","values":[1,2],"packedBins":{"min":0,"size":1,"count":2}}',
    [`table|${trackerMimes.recordTable}`]: '{"_type":"trackio.table","_value":[{"a":1},{"b":2}]}',
    [`curve|${trackerMimes.recordCurve}`]: curve,
    [`table|${trackerMimes.csv}`]: 'a,b\n1,"x, y"\n2,"z"\n',
    [`histogram|${trackerMimes.tensor}`]: '\x08\x02\x12\x08\x12\x02\x08\x01\x12\x02\x08\x03"\x18'.padEnd(40, '\0'),
    [`curve|${trackerMimes.tensor}`]: '\x08\x01\x12\x08\x12\x02\x08\x06\x12\x02\x08\x01"\x18'.padEnd(40, '\0'),
    [`histogram|${trackerMimes.histogramProto}`]:
      '\t\0\0\0\0\0\0\0\0\x11\0\0\0\0\0\0\0@2\x08\0\0\0\0\0\0\0@:\x08\0\0\0\0\0\0\0@',
  });
}
