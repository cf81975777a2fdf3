import { seconds } from './duration.ts';

/** Where a run talks to a person. */
export interface Terminal {
  /** A line that stays. */
  line(text: string): void;
  /** How far the run is: drawn over the last one on a terminal, a line now and then elsewhere. */
  progress(progress: ProgressLine): void;
}

export interface ProgressLine {
  readonly phase: string;
  readonly step: number;
  readonly totalSteps: number;
  readonly secondsPerStep: number | undefined;
  readonly loss: number | undefined;
}

const quietMilliseconds = 5000;
const clearLine = '\r\x1b[2K';

/** Writes to a stream of the process. A terminal that was closed, or a reader that has gone, does not end the run. */
export function terminalOn(stream: NodeJS.WriteStream): Terminal {
  stream.on('error', () => {});
  return stream.isTTY ? inPlace(stream) : lineByLine(stream);
}

function inPlace(stream: NodeJS.WriteStream): Terminal {
  let drawn = false;
  return {
    line(text) {
      stream.write(`${drawn ? clearLine : ''}${text}\n`);
      drawn = false;
    },
    progress(progress) {
      stream.write(clearLine + describeProgress(progress).slice(0, Math.max(20, stream.columns) - 1));
      drawn = true;
    },
  };
}

function lineByLine(stream: NodeJS.WriteStream): Terminal {
  let printedAt = 0;
  return {
    line: (text) => void stream.write(`${text}\n`),
    progress(progress) {
      const now = Date.now();
      if (now - printedAt < quietMilliseconds) return;
      printedAt = now;
      stream.write(`${describeProgress(progress)}\n`);
    },
  };
}

/** `training  step 1200 of 4500  loss 0.4132  51 ms per step  3 min left` */
function describeProgress({ phase, step, totalSteps, secondsPerStep, loss }: ProgressLine): string {
  const parts = [phase, `step ${step} of ${totalSteps}`];
  if (loss !== undefined) parts.push(`loss ${loss.toPrecision(4)}`);
  if (secondsPerStep !== undefined) {
    parts.push(`${(secondsPerStep * 1000).toPrecision(3)} ms per step`);
    parts.push(`${seconds((totalSteps - step) * secondsPerStep)} left`);
  }
  return parts.join('  ');
}
