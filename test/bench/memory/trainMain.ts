// A training as a process of its own that says at its end how much memory it took at most.
import { runTrain } from '../../../src/cli/train.ts';

process.exitCode = await runTrain(process.argv.slice(2));
process.stderr.write(`\npeak ${process.resourceUsage().maxRSS * 1024}\n`);
