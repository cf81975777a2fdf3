import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { ensureCodeServer } from '../../scripts/setup/codeServer.mjs';
import { defaultSettings } from '../../scripts/vscode/settings.mjs';

export interface VscodeServerOptions {
  /** User settings beyond the quiet defaults. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Environment beyond this process's; extension hosts inherit it. */
  readonly env?: Readonly<Record<string, string>>;
  /** False: folders open in Restricted Mode, without a question. Absent: workspace trust is switched off. */
  readonly trusted?: boolean;
  /** A VSIX to install before the start. */
  readonly vsix?: string;
}

/** A VS Code server on 127.0.0.1 with everything of its own in one private temporary folder. */
export interface VscodeServer {
  readonly port: number;
  /** Temporary folder of this server; gone after `dispose`. */
  readonly folder: string;
  /** `TRAINYARD_HOME` of the extension hosts: their worker is nobody else's. */
  readonly trainyardHome: string;
  /** Replaces the user settings while it runs; VS Code notices by itself. */
  writeSettings(settings: Readonly<Record<string, unknown>>): void;
  /** What the server printed so far. */
  log(): string;
  /** Ends the server, its extension hosts, and every process that was started with its `TRAINYARD_HOME`. */
  dispose(): void;
}

const START_TIMEOUT_MS = 60_000;

/**
 * Starts a code-server (installed into the cache when missing) and waits until it answers.
 * There is no password: it listens on the loopback interface only, and only while a test runs.
 */
export async function startVscodeServer(options: VscodeServerOptions = {}): Promise<VscodeServer> {
  const { node, entry } = await ensureCodeServer();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ty-'));
  const trainyardHome = path.join(folder, 'home');
  const settingsFile = path.join(folder, 'user', 'User', 'settings.json');
  for (const dir of [path.dirname(settingsFile), path.join(folder, 'ext'), trainyardHome]) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  }
  const writeSettings: VscodeServer['writeSettings'] = (settings) =>
    writeFileSync(
      settingsFile,
      JSON.stringify({ ...defaultSettings, ...trustSettings(options.trusted ?? true), ...settings }, null, 2),
    );
  writeSettings(options.settings ?? {});

  const env = { ...process.env, EXTENSIONS_GALLERY: '{}', TRAINYARD_HOME: trainyardHome, ...options.env };
  const places = ['--config', '/dev/null', '--user-data-dir', `${folder}/user`, '--extensions-dir', `${folder}/ext`];
  if (options.vsix !== undefined) installVsix(node, [entry, ...places], options.vsix, env);

  const port = await freePort();
  const logFile = path.join(folder, 'server.log');
  const output = openSync(logFile, 'w', 0o600);
  const child = spawn(node, [entry, ...places, ...serverFlags(port, options.trusted ?? true)], {
    detached: true,
    stdio: ['ignore', output, output],
    env,
  });
  closeSync(output);
  const log = (): string => readFileSync(logFile, 'utf8');
  const dispose = (): void => {
    endGroup(child);
    endProcessesOf(trainyardHome);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    await untilHealthy(port, child, log);
  } catch (error) {
    dispose();
    throw error;
  }
  return { port, folder, trainyardHome, writeSettings, log, dispose };
}

/** Restricted Mode without its dialog and banner, which would lie over the window. */
function trustSettings(trusted: boolean): Readonly<Record<string, unknown>> {
  if (trusted) return {};
  const prefix = 'security.workspace.trust';
  return { [`${prefix}.enabled`]: true, [`${prefix}.startupPrompt`]: 'never', [`${prefix}.banner`]: 'never' };
}

function serverFlags(port: number, trusted: boolean): string[] {
  return [
    ...['--auth', 'none', '--bind-addr', `127.0.0.1:${port}`],
    ...['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'],
    ...(trusted ? ['--disable-workspace-trust'] : []),
    // Extension hosts end with their page instead of waiting three hours for it to come back.
    ...['--reconnection-grace-time', '1'],
    // Without this a built VS Code ignores the development and test paths in the address.
    ...['--vscode-option', 'enable-smoke-test-driver'],
  ];
}

function installVsix(node: string, command: readonly string[], vsix: string, env: NodeJS.ProcessEnv): void {
  const done = spawnSync(node, [...command, '--install-extension', vsix], { encoding: 'utf8', env });
  if (done.status !== 0) throw new Error(`Installing ${vsix} failed:\n${done.stdout}\n${done.stderr}`);
}

/** A port that nobody listens on at this moment. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('No port was given.'));
        else resolve(address.port);
      });
    });
  });
}

async function untilHealthy(port: number, child: ChildProcess, log: () => string): Promise<void> {
  const end = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < end) {
    if (child.exitCode !== null) throw new Error(`The VS Code server ended with code ${child.exitCode}:\n${log()}`);
    const healthy = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      (response) => response.ok,
      () => false,
    );
    if (healthy) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The VS Code server did not answer within ${START_TIMEOUT_MS / 1000} s:\n${log()}`);
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has ended by itself.
  }
}

/**
 * Ends what detached itself from the server's group on purpose: worker, shims and trainers. They are known by our own
 * temporary folder in their environment, so that nobody else's process is ever meant. Linux only, as this server is.
 */
export function endProcessesOf(trainyardHome: string): number {
  let ended = 0;
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (Number(pid) === process.pid || !hasEnvironment(pid, `TRAINYARD_HOME=${trainyardHome}`)) continue;
    try {
      process.kill(Number(pid), 'SIGKILL');
      ended += 1;
    } catch {
      // It ended in between.
    }
  }
  return ended;
}

function hasEnvironment(pid: string, assignment: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(assignment);
  } catch {
    return false;
  }
}
