import type { CsvHead } from '../text/csvHead.ts';
import { stepColumnOf } from '../text/csvHead.ts';
import { type LogName, logName } from '../text/logNames.ts';
import { isTimeName } from '../text/names.ts';

/** A kind of table that a logger writes: by its name, and by what its header must hold beside a step. */
interface CsvDialect {
  readonly title: string;
  readonly name: (fileName: string) => LogName;
  /** What the head must show. A folder of data must not become a run, so a name alone is never enough. */
  readonly accepts: (head: CsvHead) => boolean;
}

const monitorName = /^(?:.*[._-])?monitor\.csv$/i;

/** The first that fits a name is taken. */
const dialects: readonly CsvDialect[] = [
  {
    // stable_baselines3/common/monitor.py: a comment with JSON, then reward, length and time of every episode.
    title: 'Monitor of Stable-Baselines',
    name: (file) => (/^(?:\d+\.)?monitor\.csv$/i.test(file) ? 'folder' : monitorName.test(file) ? 'file' : undefined),
    accepts: ({ names }) => ['r', 'l', 't'].every((name) => names.includes(name)),
  },
  {
    // stable_baselines3/common/logger.py, baselines/logger.py, RLlib's CSVLogger, Spinning Up's EpochLogger (tabs).
    title: 'Progress of an agent',
    name: (file) => (/^progress\.(?:csv|txt|tsv)$/i.test(file) ? 'folder' : undefined),
    accepts: ({ names }) => names.length >= 2,
  },
  {
    // ultralytics/engine/trainer.py: padded names such as "train/box_loss".
    title: 'Results of YOLO',
    name: (file) => (/^results\.csv$/i.test(file) ? 'folder' : undefined),
    accepts: ({ names }) => names.includes('epoch') && names.some((name) => /^(?:train|val|metrics)\//.test(name)),
  },
  {
    // keras/src/callbacks/csv_logger.py: its examples write training.log.
    title: 'Table of a training',
    name: (file) => {
      const stem = /^(.*)\.(?:csv|tsv)$/i.exec(file)?.[1] ?? /^(training|train)\.log$/i.exec(file)?.[1];
      return stem === undefined ? undefined : /^(?:training|train)$/i.test(stem) ? trainingName(file) : logName(stem);
    },
    accepts: (head) => stepColumnOf(head.names) >= 0 && head.names.some((name, index) => isMetric(name, index, head)),
  },
];

/** What a file's name says of it as a table of a run; undefined where it is none. */
export function tableName(fileName: string): LogName {
  return dialectOf(fileName)?.name(fileName);
}

/** Whether a table of this name with this head is the log of a training. */
export function isTrainingTable(fileName: string, head: CsvHead): boolean {
  return dialectOf(fileName)?.accepts(head) === true;
}

function dialectOf(fileName: string): CsvDialect | undefined {
  return dialects.find(({ name }) => name(fileName) !== undefined);
}

/** `training.csv` and `training.log` may be logs; `train.csv` is a data set nearly always. */
function trainingName(file: string): LogName {
  return /^train\.csv$/i.test(file) ? undefined : 'folder';
}

function isMetric(name: string, index: number, head: CsvHead): boolean {
  return index !== stepColumnOf(head.names) && name !== '' && !isTimeName(name);
}
