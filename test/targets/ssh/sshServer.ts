import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { SshPlace } from '../../../src/domain/target.ts';

/** Passphrase of the key of the host `locked`. */
export const passphrase = 'correct horse';

const sshd =
  process.env['TRAINYARD_SSHD'] ?? ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((file) => existsSync(file));
const libraries = process.env['TRAINYARD_SSHD_LIBRARIES'];

/** Why there can be no server here; undefined where there can. */
export function missingServer(): string | undefined {
  if (process.platform !== 'linux') return 'the tests start sshd as Linux has it';
  if (sshd === undefined) return 'there is no sshd here (Debian: apt-get install openssh-server)';
  const missing = ['ssh', 'ssh-keygen'].find((program) => !isOnPath(program));
  return missing === undefined ? undefined : `there is no ${missing} here (Debian: apt-get install openssh-client)`;
}

function isOnPath(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.some((folder) => existsSync(path.join(folder, program)));
}

/** A real sshd of the user's own on the loopback, with keys and a client configuration of its own. Nothing of ~/.ssh and /etc/ssh is used. */
export class SshServer {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'sshd-'));
  readonly configFile = path.join(this.folder, 'config');
  #port = 0;
  #server: ChildProcess | undefined;

  async start(): Promise<void> {
    if (!existsSync(path.join(this.folder, 'hostkey'))) this.#makeKeys();
    if (this.#port === 0) this.#port = await freePort();
    this.#writeServerConfig();
    this.writeClientConfig();
    await this.listen();
  }

  /** Starts the server again on the same port. */
  async listen(): Promise<void> {
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
    this.#server = spawn(sshd!, ['-D', '-e', '-f', path.join(this.folder, 'sshd_config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries }) },
    });
    let said = '';
    this.#server.stderr!.on('data', (part) => {
      said += part;
    });
    for (let tries = 0; !said.includes('listening on'); tries++) {
      if (this.#server.exitCode !== null || tries > 500) throw new Error(`sshd did not start: ${said}`);
      await delay(20);
    }
  }

  /** Ends the server and every connection, as a machine does that goes down. */
  async goDown(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
    this.killConnections();
  }

  /** Kills the processes behind the connections; the server goes on. */
  killConnections(): void {
    for (const pid of sessionPids(this.#port)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  place(host: string, rest: Partial<SshPlace> = {}): SshPlace {
    return { host, configFile: this.configFile, ...rest };
  }

  async end(): Promise<void> {
    await this.goDown();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** box: a key without passphrase; jump: the same through box; locked: a key with passphrase; nowhere: nobody listens; unknown: no host key is known. */
  writeClientConfig(): void {
    const file = (name: string) => path.join(this.folder, name);
    const common = `HostName 127.0.0.1\n  Port ${this.#port}\n  User ${os.userInfo().username}\n  IdentitiesOnly yes\n  IdentityAgent none`;
    const known = `UserKnownHostsFile ${file('known_hosts')}\n  StrictHostKeyChecking accept-new`;
    const hosts = {
      box: `${common}\n  ${known}\n  IdentityFile ${file('id')}`,
      jump: `${common}\n  ${known}\n  IdentityFile ${file('id')}\n  ProxyJump box`,
      locked: `${common}\n  ${known}\n  IdentityFile ${file('locked')}`,
      stranger: `${common}\n  ${known}\n  IdentityFile ${file('stranger')}`,
      unknown: `${common}\n  UserKnownHostsFile ${file('none')}\n  StrictHostKeyChecking yes\n  IdentityFile ${file('id')}`,
      asking: `${common}\n  UserKnownHostsFile ${file('asked')}\n  StrictHostKeyChecking ask\n  IdentityFile ${file('id')}`,
      asking2: `${common}\n  UserKnownHostsFile ${file('asked2')}\n  StrictHostKeyChecking ask\n  IdentityFile ${file('id')}`,
      changed: `${common}\n  UserKnownHostsFile ${file('other_hosts')}\n  StrictHostKeyChecking yes\n  IdentityFile ${file('id')}`,
      nowhere: 'HostName 127.0.0.1\n  Port 9',
    };
    const text = Object.entries(hosts).map(([name, lines]) => `Host ${name}\n  ${lines}\n`);
    writeFileSync(this.configFile, text.join(''));
    const other = readFileSync(file('id.pub'), 'utf8').split(' ').slice(0, 2).join(' ');
    writeFileSync(file('other_hosts'), `[127.0.0.1]:${this.#port} ${other}\n`);
  }

  #makeKeys(): void {
    const make = (name: string, secret: string) =>
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-a', '1', '-N', secret, '-f', path.join(this.folder, name)]);
    make('hostkey', '');
    make('id', '');
    make('locked', passphrase);
    make('stranger', '');
    const allowed = ['id', 'locked'].map((name) => readFileSync(path.join(this.folder, `${name}.pub`), 'utf8'));
    writeFileSync(path.join(this.folder, 'authorized_keys'), allowed.join(''));
    chmodSync(path.join(this.folder, 'authorized_keys'), 0o600);
  }

  #writeServerConfig(): void {
    const lines = [
      'ListenAddress 127.0.0.1',
      `Port ${this.#port}`,
      `HostKey ${path.join(this.folder, 'hostkey')}`,
      `PidFile ${path.join(this.folder, 'sshd.pid')}`,
      `AuthorizedKeysFile ${path.join(this.folder, 'authorized_keys')}`,
      'AuthenticationMethods publickey',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'UsePAM no',
      'StrictModes no',
      'PermitRootLogin prohibit-password',
      'MaxSessions 64',
      'MaxStartups 100',
      'UseDNS no',
    ];
    writeFileSync(path.join(this.folder, 'sshd_config'), `${lines.join('\n')}\n`);
  }
}

/** Processes of sshd that serve a connection to the port: their title tells them apart from the listener, their socket from other servers. */
function sessionPids(port: number): readonly number[] {
  const sockets = new Set(connectedSockets(port));
  const pids: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (!readFileSync(`/proc/${name}/cmdline`, 'utf8').startsWith('sshd')) continue;
      const holds = readdirSync(`/proc/${name}/fd`).some((fd) => sockets.has(socketOf(`/proc/${name}/fd/${fd}`)));
      if (holds) pids.push(Number(name));
    } catch {
      // It has ended, or is not ours.
    }
  }
  return pids;
}

function socketOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}

/** Inodes of established sockets of the server's end, from /proc/net/tcp. */
function connectedSockets(port: number): readonly string[] {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(local) && fields[3] === '01')
    .map((fields) => `socket:[${fields[9]}]`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
