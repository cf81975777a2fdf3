import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunId } from '../../../src/domain/ids.ts';
import type { LaunchRecord } from '../../../src/domain/launch.ts';
import type { SshSettings } from '../../../src/domain/target.ts';
import { writeJsonSynced } from '../../../src/launch/files.ts';
import { SshHosts } from '../../../src/launch/ssh/sshHosts.ts';
import { SshTarget } from '../../../src/launch/ssh/sshTarget.ts';
import type { JobPlace, JobPresence } from '../../../src/launch/target.ts';
import type { SshServer } from './sshServer.ts';

export interface JobWish {
  readonly command: readonly string[];
  readonly settings?: Partial<SshSettings>;
  readonly env?: { readonly [name: string]: string };
  readonly record?: Partial<LaunchRecord>;
  readonly checkpoint?: string;
}

/** A repository with runs, a base folder "over there", and a target. */
export class Lab {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'ssh-lab-'));
  readonly repository = path.join(this.folder, 'repository');
  readonly base = path.join(this.folder, 'there');
  readonly #server: SshServer;
  hosts = new SshHosts();
  target: SshTarget;
  readonly complaints: string[] = [];
  #count = 0;

  constructor(server: SshServer) {
    this.#server = server;
    mkdirSync(this.repository);
    this.git('init', '-q');
    this.write('train.py', 'print("committed")\n');
    this.commit();
    this.target = this.#newTarget();
  }

  /** A new worker's view: nothing is remembered but what is on disk. */
  restart(): void {
    this.useHosts(new SshHosts());
  }

  useHosts(hosts: SshHosts): void {
    this.target.dispose();
    this.hosts.dispose();
    this.hosts = hosts;
    this.target = this.#newTarget();
  }

  write(name: string, text: string): void {
    const file = path.join(this.repository, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  git(...args: string[]): string {
    const who = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main'];
    return execFileSync('git', ['-C', this.repository, ...who, ...args], { encoding: 'utf8' }).trim();
  }

  commit(): string {
    this.git('add', '.');
    this.git('commit', '-q', '-m', 'x');
    return this.git('rev-parse', 'HEAD');
  }

  /** A run directory as the launcher makes it. */
  job(
    { command, settings, env, record, checkpoint }: JobWish,
    files: { readonly [name: string]: string } = {},
  ): JobPlace {
    this.#count += 1;
    const id = `${path.basename(this.folder)}-${this.#count}`;
    const directory = path.join(this.repository, 'runs', `run-${this.#count}`);
    mkdirSync(directory, { recursive: true });
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(directory, name)), { recursive: true });
      writeFileSync(path.join(directory, name), text);
    }
    const full: LaunchRecord = {
      format: 1,
      id: id as RunId,
      requestId: id,
      name: `run-${this.#count}`,
      recipe: '',
      createdAt: Date.now() / 1000,
      command,
      cwd: this.repository,
      env: env ?? {},
      device: 'auto',
      overrides: [],
      dirty: false,
      labels: [],
      commit: this.git('rev-parse', 'HEAD'),
      commandLaunch: {
        request: {
          requestId: id,
          folder: this.repository,
          arguments: [],
          target: { name: 'box' },
          ...(checkpoint === undefined ? {} : { checkpoint }),
        },
        target: {
          name: 'box',
          settings: { kind: 'ssh', ...this.#server.place('box'), folder: this.base, ...settings },
        },
        snapshot: [],
      },
      ...record,
    };
    writeJsonSynced(path.join(directory, 'launch.json'), full);
    return { runId: id as RunId, directory };
  }

  /** Ticks as the queue does until the job is in one of the states. */
  async until(job: JobPlace, ...kinds: JobPresence['kind'][]): Promise<JobPresence> {
    for (const since = Date.now(); ; await delay(30)) {
      this.target.watch([job], true);
      const presence = this.target.inspect(job);
      if (kinds.includes(presence.kind)) return presence;
      if (Date.now() - since > 90_000) throw new Error(`It stays ${JSON.stringify(presence)}.`);
    }
  }

  /** Ticks until the condition holds. */
  async untilTrue(jobs: readonly JobPlace[], holds: () => boolean): Promise<void> {
    for (const since = Date.now(); !holds(); await delay(30)) {
      this.target.watch(jobs, true);
      for (const job of jobs) this.target.inspect(job);
      if (Date.now() - since > 90_000) throw new Error(`It does not come about: ${holds}`);
    }
  }

  there(job: JobPlace, ...parts: string[]): string {
    return path.join(this.base, 'runs', job.runId, ...parts);
  }

  read(job: JobPlace, name: string): string {
    const file = path.join(job.directory, name);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  end(): void {
    this.target.dispose();
    this.hosts.dispose();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  #newTarget(): SshTarget {
    return new SshTarget({
      hosts: this.hosts,
      interruptMs: 400,
      terminateMs: 400,
      complain: (message) => this.complaints.push(message),
    });
  }
}
