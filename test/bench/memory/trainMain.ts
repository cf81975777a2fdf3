// A training as a process of its own that says at its end how much memory it took at most, and how much time of processors.
import { runTrain } from '../../../src/cli/train.ts';

process.exitCode = await runTrain(process.argv.slice(2));
const { user, system } = process.cpuUsage();
process.stderr.write(`\npeak ${process.resourceUsage().maxRSS * 1024} cpu ${(user + system) / 1e6}\n`);
