/**
 * A worker whose clients are not windows but a list of commands in a file: whenever it starts, it asks for all of them again, as impatient clients do.
 * Usage: commandWorker HOME WORKSPACE COMMANDS.json
 */
import { readFileSync } from 'node:fs';
import { workerPaths } from '../../src/protocol/paths.ts';
import { findInstallation } from '../../src/worker/installation.ts';
import type { CommandLaunch } from '../../src/worker/launching/launcher.ts';
import { takeLock } from '../../src/worker/lock.ts';
import { Worker } from '../../src/worker/worker.ts';

const [home = '', folder = '', commandsFile = ''] = process.argv.slice(2);
const paths = workerPaths({
  platform: process.platform,
  home,
  temporary: home,
  uid: process.getuid?.() ?? 0,
  env: { TRAINYARD_HOME: home },
});
const lock = await takeLock(paths);
if (lock === undefined) process.exit(3);
const worker = new Worker({
  paths,
  installation: findInstallation(home),
  idleMs: 3_600_000,
  onEnd: () => process.exit(0),
});
await worker.start();
const commands = JSON.parse(readFileSync(commandsFile, 'utf8')) as readonly Omit<CommandLaunch, 'folder'>[];
for (const command of commands) await worker.launcher.launchCommand({ ...command, folder });
console.log('asked for all');
