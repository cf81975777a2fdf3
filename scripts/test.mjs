// `npm test`: everything, or the stages named as arguments. Runs from a fresh clone on Node 20; see scripts/test/stages.mjs.
import { underSupportedNode } from './bootstrap.mjs';

await underSupportedNode(import.meta.url);
const { runStages } = await import('./test/run.mjs');
process.exitCode = await runStages(process.argv.slice(2));
