// Runs a script under a Node that the product supports (22.15 or later): the one that runs us, or the one that bootstrap.mjs keeps.
import { spawnSync } from 'node:child_process';
import { ensureNode } from './bootstrap.mjs';

const node = ensureNode();
const result = spawnSync(node, process.argv.slice(2), { stdio: 'inherit' });
process.exit(result.status ?? 1);
