// The trainer as a program of its own, for tests that stop or kill it.
import { runProbeDevice, runTrain } from '../../../src/cli/train.ts';

const [command, ...args] = process.argv.slice(2);
process.exitCode = command === 'train' ? await runTrain(args) : await runProbeDevice(args);
