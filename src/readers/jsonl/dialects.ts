import { type LogName, logName } from '../text/logNames.ts';

/** A kind of file with an object a line, by its name. */
interface JsonDialect {
  readonly title: string;
  readonly name: (fileName: string) => LogName;
  /** How many records there must be before the file is taken for a log: a `.json` file with one object is a summary. */
  readonly leastRecords: number;
}

/** The first that fits a name is taken. */
const dialects: readonly JsonDialect[] = [
  {
    title: 'Lines of JSON',
    name: (file) => logName(/^(.*)\.(?:jsonl|ndjson|jsonlines)$/i.exec(file)?.[1] ?? ''),
    leastRecords: 1,
  },
  {
    // baselines/logger.py and stable_baselines3/common/logger.py, detectron2/utils/events.py, mmengine/visualization/vis_backend.py.
    title: 'Lines of JSON under the name of a JSON file',
    name: (file) => (/^(?:progress|metrics|log|logs|scalars|history|stats)\.json$/i.test(file) ? 'folder' : undefined),
    leastRecords: 2,
  },
  {
    // mmcv/runner/hooks/logger/text.py: 20210101_120000.log.json; mmengine names the file by the time alone.
    title: 'Log of MMCV or MMEngine',
    name: (file) =>
      /^\d{8}_\d{6}(?:\.log)?\.json$/.test(file) ? 'folder' : /\.log\.json$/i.test(file) ? 'file' : undefined,
    leastRecords: 2,
  },
  {
    // log.txt of DETR, DeiT, MAE, DINO and what came after them: an object per epoch.
    title: 'Log of a vision transformer',
    name: (file) => (/^(?:train_|training_)?log\.txt$/i.test(file) ? 'folder' : undefined),
    leastRecords: 1,
  },
];

/** What a file's name says of it as a log of objects; undefined where it is none. */
export function recordsName(fileName: string): LogName {
  return dialectOf(fileName)?.name(fileName);
}

/** How many records make a file of this name a log. */
export function leastRecords(fileName: string): number {
  return dialectOf(fileName)?.leastRecords ?? 2;
}

function dialectOf(fileName: string): JsonDialect | undefined {
  return dialects.find(({ name }) => name(fileName) !== undefined);
}
