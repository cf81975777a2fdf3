// `npm start`: from a fresh clone to a live training run, in VS Code or (with --no-editor) in the terminal alone.
import { underSupportedNode } from './bootstrap.mjs';

await underSupportedNode(import.meta.url);
const { start } = await import('./start/main.mjs');
process.exitCode = await start(process.argv.slice(2));
