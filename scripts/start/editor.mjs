// Opens VS Code on the lab: the desktop program where it is installed, else a VS Code server from npm on 127.0.0.1.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { cacheDir, ensureCodeServer, repo } from '../bootstrap.mjs';
import { cacheFolder } from '../setup/cache.mjs';
import { findOnPath } from '../setup/executables.mjs';
import { defaultSettings } from '../vscode/settings.mjs';

const DESKTOPS = ['code', 'code-insiders', 'codium', 'cursor'];
const START_TIMEOUT_MS = 60_000;

/**
 * @typedef {object} Editor
 * @property {string} message what to tell the person
 * @property {Promise<void>} [ended] resolves when the server ends; absent for a desktop program, which lives on its own
 */

/**
 * @param {string} lab
 * @param {number} port the port to try first
 * @returns {Promise<Editor>}
 */
export async function openEditor(lab, port) {
  const desktop = DESKTOPS.map((name) => findOnPath(name)).find((file) => file !== undefined);
  return desktop === undefined ? openServer(lab, port) : openDesktop(desktop, lab);
}

/** @param {string} program @param {string} lab @returns {Editor} */
function openDesktop(program, lab) {
  const args = ['--new-window', `--extensionDevelopmentPath=${repo}`, lab];
  const windows = process.platform === 'win32';
  // On Windows `code` is a command file, which needs a shell; quotes keep paths with spaces whole.
  const child = windows
    ? spawn(
        `"${program}"`,
        args.map((arg) => `"${arg}"`),
        { stdio: 'ignore', detached: true, shell: true },
      )
    : spawn(program, args, { stdio: 'ignore', detached: true });
  child.on('error', (error) => console.error(`VS Code (${program}) could not be started: ${error.message}`));
  child.unref();
  return { message: `VS Code opens on ${lab} (${program}). The Trainyard icon is in the activity bar.` };
}

/** @param {string} lab @param {number} firstPort @returns {Promise<Editor>} */
async function openServer(lab, firstPort) {
  const { node, entry } = await ensureCodeServer();
  const folder = cacheFolder('demo');
  const port = await freePort(firstPort);
  // Anyone on this machine can reach the port, and an editor can run programs: so it asks for a password.
  const password = randomBytes(9).toString('base64url');
  const logFile = path.join(folder, 'server.log');
  const log = openSync(logFile, 'w', 0o600);
  const child = spawn(node, [entry, ...prepareServer(folder), '--bind-addr', `127.0.0.1:${port}`], {
    stdio: ['ignore', log, log],
    env: { ...process.env, PASSWORD: password, EXTENSIONS_GALLERY: '{}' },
  });
  closeSync(log);
  const ended = /** @type {Promise<void>} */ (new Promise((resolve) => child.on('exit', () => resolve())));
  process.on('exit', () => child.kill());
  process.on('SIGTERM', () => process.exit(143));
  await untilHealthy(port, child, logFile);
  const address = `http://127.0.0.1:${port}/?folder=${encodeURIComponent(lab)}`;
  return { message: `\nOpen VS Code in a browser on this machine:\n  ${address}\n  password: ${password}\n`, ended };
}

/**
 * Settings, and the repository as the one installed extension: a link, so that a new build needs only a reload.
 * @param {string} folder
 * @returns {string[]} arguments for the server
 */
function prepareServer(folder) {
  const settings = path.join(folder, 'user', 'User', 'settings.json');
  mkdirSync(path.dirname(settings), { recursive: true, mode: 0o700 });
  if (!existsSync(settings)) writeFileSync(settings, JSON.stringify(defaultSettings, null, 2));
  const extensions = path.join(folder, 'ext');
  rmSync(extensions, { recursive: true, force: true });
  mkdirSync(extensions, { mode: 0o700 });
  const { publisher, name, version } = JSON.parse(readFileSync(path.join(repo, 'package.json'), 'utf8'));
  symlinkSync(repo, path.join(extensions, `${publisher}.${name}-${version}`));
  return [
    ...[
      '--config',
      '/dev/null',
      '--auth',
      'password',
      '--user-data-dir',
      path.join(folder, 'user'),
      '--extensions-dir',
      extensions,
    ],
    ...[
      '--disable-telemetry',
      '--disable-update-check',
      '--disable-workspace-trust',
      '--disable-getting-started-override',
    ],
    ...['--app-name', 'Trainyard demo', '--reconnection-grace-time', '30'],
  ];
}

/** The first port from `first` on that nobody listens on. @param {number} first @returns {Promise<number>} */
async function freePort(first) {
  for (let port = first; port < Math.min(first + 50, 65_536); port++) if (await isFree(port)) return port;
  throw new Error(`No port from ${first} to ${first + 49} is free; give another one with --port.`);
}

/** @param {number} port @returns {Promise<boolean>} */
function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.on('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** @param {number} port @param {import('node:child_process').ChildProcess} child @param {string} logFile */
async function untilHealthy(port, child, logFile) {
  const end = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < end && child.exitCode === null) {
    const healthy = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      (response) => response.ok,
      () => false,
    );
    if (healthy) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  child.kill();
  throw new Error(
    `The VS Code server did not start; its log is ${logFile}. Its files are in ${cacheDir}; deleting that folder installs it anew.`,
  );
}
