import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const installTimeoutMs = 15 * 60_000;
/** Registries that do not answer should not be asked again and again. */
const pipArguments = ['--quiet', '--disable-pip-version-check', '--no-input', '--retries', '1', '--upgrade'];

/** Where packages of trackers are kept between runs, a folder for each tracker. Private to the user. */
const trackersCache =
  process.env['TRAINYARD_TRACKERS'] ??
  path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'trainyard-trackers');

/** The system's Python with packages of its own in a folder of the cache. */
export class PythonPackages {
  readonly folder: string;
  /** Folders with modules that stand in for packages that cannot be had. */
  readonly #standIns: string[] = [];

  constructor(name: string) {
    this.folder = path.join(trackersCache, name);
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
  }

  /** Installs packages; what is there already stays. Rejects with pip's own words where that is impossible. */
  async install(packages: readonly string[], options: readonly string[] = []): Promise<void> {
    const args = ['-m', 'pip', 'install', ...pipArguments, ...options, '--target', this.folder, ...packages];
    await run('python3', args, { timeout: installTimeoutMs, maxBuffer: 64 * 1024 * 1024 }).catch((error: Error) => {
      const { stderr = '' } = error as { stderr?: string };
      const said = stderr.split('\n').filter((line) => line.startsWith('ERROR'));
      throw new Error(said.at(-1) ?? error.message.split('\n')[0]);
    });
  }

  /** The modules that cannot be imported, with why. */
  async missing(modules: readonly string[]): Promise<readonly string[]> {
    const answers = await Promise.all(
      modules.map(async (name) => {
        try {
          await run('python3', ['-c', `import ${name}`], { env: this.environment, timeout: 120_000 });
          return [];
        } catch (error) {
          const { stderr = '' } = error as { stderr?: string };
          return [`${name}: ${stderr.trim().split('\n').at(-1) ?? 'it cannot be imported'}`];
        }
      }),
    );
    return answers.flat();
  }

  /** Lets modules of a folder be found behind those that were installed. */
  addStandIns(folder: string): void {
    if (existsSync(folder)) this.#standIns.push(folder);
  }

  async version(module: string): Promise<string> {
    const { stdout } = await run('python3', ['-c', `import ${module}; print(${module}.__version__)`], {
      env: this.environment,
    });
    return stdout.trim();
  }

  get environment(): NodeJS.ProcessEnv {
    const { PYTHONPATH: _, ...rest } = process.env;
    // No settings of this machine's user, no traces of it, and no network.
    const quiet = { WANDB_MODE: 'offline', WANDB_SILENT: 'true', WANDB_ERROR_REPORTING: 'false', HF_HUB_OFFLINE: '1' };
    return {
      ...rest,
      ...quiet,
      PYTHONPATH: [this.folder, ...this.#standIns].join(path.delimiter),
      PYTHONDONTWRITEBYTECODE: '1',
    };
  }

  /** Starts a script of this folder in a working directory. Its output is kept for the error message of `ended`. */
  start(script: string, args: readonly string[], cwd: string): RunningScript {
    const child = spawn('python3', [path.join(import.meta.dirname, script), ...args], {
      cwd,
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new RunningScript(child);
  }
}

/** A script that writes a run. */
export class RunningScript {
  readonly child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #output = '';
  isRunning = true;

  constructor(child: ChildProcess) {
    this.child = child;
    for (const stream of [child.stdout!, child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    this.#ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        this.isRunning = false;
        resolve(code);
      });
    });
  }

  get output(): string {
    return this.#output;
  }

  /** Waits for its end; rejects with its output where it did not end with the wanted code. */
  async ended(wanted: number | null = 0): Promise<void> {
    const code = await this.#ended;
    if (code !== wanted) throw new Error(`The script ended with ${code}:\n${this.#output.slice(-2000)}`);
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}
