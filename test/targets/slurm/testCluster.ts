// A real SLURM of two virtual nodes on this machine: munged, slurmctld, two slurmd and, where asked for, slurmdbd with MariaDB.
// Everything lies in one temporary folder and listens on loopback alone. Settings from the manual pages of SLURM 22.05.
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface TestClusterOptions {
  readonly accounts: boolean;
  /** Processors that each node pretends to have. */
  readonly cpus?: number;
}

export class TestCluster {
  readonly root = mkdtempSync(path.join(os.tmpdir(), 'slurm-'));
  readonly #options: TestClusterOptions;
  readonly #daemons = new Map<string, ChildProcess>();
  readonly #environment: NodeJS.ProcessEnv;

  constructor(options: TestClusterOptions) {
    this.#options = options;
    for (const name of ['etc', 'state', 'spool', 'log', 'run', 'db', 'jobcomp']) mkdirSync(path.join(this.root, name));
    // Nodes run jobs of the user who submits; the folder itself may be looked into.
    chmodSync(this.root, 0o755);
    this.#environment = { ...process.env, SLURM_CONF: this.#file('etc/slurm.conf') };
  }

  /** Starts everything and returns when both nodes take jobs. Programs of SLURM in this process speak to this cluster from then on. */
  async start(): Promise<void> {
    process.env['SLURM_CONF'] = this.#file('etc/slurm.conf');
    const [controller, first, second, database] = await freePorts(4);
    await this.#startMunge();
    this.#configure(controller!, [first!, second!], database!);
    if (this.#options.accounts) await this.#startAccounts(database!);
    this.startController();
    this.startNode('n1');
    this.startNode('n2');
    await this.#until('both nodes', async () => {
      const { stdout } = await run('sinfo', ['-h', '-p', 'main', '-t', 'idle', '-o', '%D'], { timeout: 5_000 });
      return stdout.trim() === '2';
    });
  }

  startController(): void {
    this.#spawn('slurmctld', 'slurmctld', ['-D']);
  }

  startNode(name: string): void {
    this.#spawn(name, 'slurmd', ['-D', '-N', name]);
  }

  /** kill -9. */
  async kill(name: 'slurmctld' | 'n1' | 'n2' | 'slurmdbd'): Promise<void> {
    const daemon = this.#daemons.get(name);
    if (daemon === undefined || daemon.exitCode !== null) return;
    const ended = new Promise((resolve) => daemon.once('exit', resolve));
    daemon.kill('SIGKILL');
    await ended;
  }

  /** A node that loses its power: its daemon and everything that runs on it, at once. Kills the jobs of the other node too. */
  async killNode(name: 'n1' | 'n2'): Promise<void> {
    await this.kill(name);
    this.#endLeftOvers();
  }

  async untilControllerAnswers(): Promise<void> {
    await this.#until('the controller', async () => {
      await run('scontrol', ['ping'], { timeout: 5_000 });
      const { stdout } = await run('sinfo', ['-h', '-t', 'idle,mix,alloc', '-p', 'main', '-o', '%D'], {
        timeout: 5_000,
      });
      return stdout.trim() !== '';
    });
  }

  async end(): Promise<void> {
    await run('scancel', ['-u', os.userInfo().username], { timeout: 10_000 }).catch(() => {});
    await delay(300);
    for (const name of ['n1', 'n2', 'slurmctld', 'slurmdbd', 'mariadb', 'munged']) await this.kill(name as 'n1');
    this.#endLeftOvers();
    delete process.env['SLURM_CONF'];
    rmSync(this.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  /** Step daemons and jobs outlive a killed slurmd. Each of them carries this cluster's folder in its command line or environment. */
  #endLeftOvers(): void {
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      if (!Number.isInteger(pid) || pid === process.pid || !this.#isOurs(pid)) continue;
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  #isOurs(pid: number): boolean {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      const isOfSlurm = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`SLURM_CONF=${this.root}/`);
      return (
        isOfSlurm &&
        (command.includes('slurmstepd') || readFileSync(`/proc/${pid}/environ`, 'utf8').includes('SLURM_JOB_ID='))
      );
    } catch {
      return false;
    }
  }

  async #startMunge(): Promise<void> {
    const folder = this.#file('munge');
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(path.join(folder, 'key'), randomBytes(1024), { mode: 0o400 });
    const socket = this.#file('run/munge.socket');
    this.#spawn('munged', 'munged', [
      '--foreground',
      '--force',
      `--key-file=${folder}/key`,
      `--socket=${socket}`,
      `--pid-file=${folder}/pid`,
      `--log-file=${folder}/log`,
      `--seed-file=${folder}/seed`,
      '--num-threads=2',
    ]);
    await this.#until('munged', async () => {
      await run('sh', ['-c', 'munge -n -S "$1" </dev/null', 'sh', socket], { timeout: 5_000 });
      return true;
    });
  }

  #configure(controller: number, nodes: readonly number[], database: number): void {
    const host = os.hostname().split('.')[0]!;
    const { cpus = 8, accounts } = this.#options;
    for (const gpu of [0, 1]) execFileSync('mknod', ['-m', '666', this.#file(`run/gpu${gpu}`), 'c', '1', '3']);
    this.#write('etc/gres.conf', ['AutoDetect=off', `Name=gpu Type=fake File=${this.#file('run/gpu[0-1]')}`]);
    this.#write('etc/cgroup.conf', ['CgroupAutomount=no']);
    const partition = (name: string, tier: number, more: string) =>
      `PartitionName=${name} Nodes=n[1-2] State=UP PriorityTier=${tier} ${more}`;
    this.#write('etc/slurm.conf', [
      'ClusterName=testcluster',
      `SlurmctldHost=${host}(127.0.0.1)`,
      `SlurmctldPort=${controller}`,
      'SlurmUser=root',
      'SlurmdUser=root',
      'AuthType=auth/munge',
      `AuthInfo=socket=${this.#file('run/munge.socket')}`,
      'CredType=cred/munge',
      `StateSaveLocation=${this.#file('state')}`,
      `SlurmdSpoolDir=${this.#file('spool')}/%n`,
      `SlurmctldPidFile=${this.#file('run/slurmctld.pid')}`,
      `SlurmdPidFile=${this.#file('run')}/slurmd-%n.pid`,
      `SlurmctldLogFile=${this.#file('log/slurmctld.log')}`,
      `SlurmdLogFile=${this.#file('log')}/slurmd-%n.log`,
      'ProctrackType=proctrack/linuxproc',
      'TaskPlugin=task/none',
      'SwitchType=switch/none',
      'MpiDefault=none',
      'ReturnToService=2',
      'SlurmctldTimeout=30',
      'SlurmdTimeout=10',
      'KillWait=3',
      'MinJobAge=300',
      'MessageTimeout=10',
      'SlurmdParameters=config_overrides',
      'SchedulerType=sched/backfill',
      'SchedulerParameters=bf_interval=2,sched_min_interval=100000,batch_sched_delay=0,bf_continue',
      'SelectType=select/cons_tres',
      'SelectTypeParameters=CR_Core',
      'GresTypes=gpu',
      'MaxArraySize=1001',
      'MaxJobCount=20000',
      'JobRequeue=1',
      'RequeueExit=75',
      'PreemptType=preempt/partition_prio',
      'PreemptMode=REQUEUE',
      'SlurmctldParameters=preempt_send_user_signal',
      'JobCompType=jobcomp/filetxt',
      `JobCompLoc=${this.#file('jobcomp/log')}`,
      ...(accounts
        ? [
            'AccountingStorageType=accounting_storage/slurmdbd',
            'AccountingStorageHost=127.0.0.1',
            `AccountingStoragePort=${database}`,
            `AccountingStoragePass=${this.#file('run/munge.socket')}`,
            'AccountingStoreFlags=job_comment',
            'JobAcctGatherType=jobacct_gather/linux',
          ]
        : ['AccountingStorageType=accounting_storage/none', 'JobAcctGatherType=jobacct_gather/none']),
      ...nodes.map(
        (port, index) =>
          `NodeName=n${index + 1} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${port} CPUs=${cpus} Gres=gpu:fake:2 State=UNKNOWN`,
      ),
      partition('main', 10, 'Default=YES MaxTime=INFINITE'),
      partition('scav', 1, 'MaxTime=INFINITE PreemptMode=REQUEUE GraceTime=0'),
      partition('grace', 1, 'MaxTime=INFINITE PreemptMode=REQUEUE GraceTime=20'),
      partition('short', 20, 'MaxTime=00:10:00 PreemptMode=OFF'),
    ]);
    this.#write('jobcomp/log', []);
  }

  async #startAccounts(port: number): Promise<void> {
    const socket = this.#file('db/socket');
    const mysql = ['--no-defaults', '-uroot', '-S', socket];
    execFileSync(
      'mariadb-install-db',
      [
        '--no-defaults',
        '--user=root',
        `--datadir=${this.#file('db/data')}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
      ],
      { stdio: 'ignore' },
    );
    this.#spawn('mariadb', 'mariadbd', [
      '--no-defaults',
      '--user=root',
      `--datadir=${this.#file('db/data')}`,
      `--socket=${socket}`,
      `--pid-file=${this.#file('run/mariadb.pid')}`,
      '--skip-networking',
      '--innodb-buffer-pool-size=64M',
      '--innodb-log-file-size=32M',
      '--innodb-flush-log-at-trx-commit=2',
      '--skip-log-bin',
      '--performance-schema=OFF',
    ]);
    await this.#until('MariaDB', async () => {
      await run('mysqladmin', [...mysql, 'ping'], { timeout: 5_000 });
      return true;
    });
    const words = [
      'create database slurm_acct;',
      "create user slurm@localhost identified by 'slurm';",
      'grant all on slurm_acct.* to slurm@localhost;',
    ];
    await run('mysql', [...mysql, '-e', words.join(' ')]);
    this.#write('etc/slurmdbd.conf', [
      'AuthType=auth/munge',
      `AuthInfo=socket=${this.#file('run/munge.socket')}`,
      `DbdHost=${os.hostname().split('.')[0]}`,
      'DbdAddr=127.0.0.1',
      `DbdPort=${port}`,
      'SlurmUser=root',
      `LogFile=${this.#file('log/slurmdbd.log')}`,
      `PidFile=${this.#file('run/slurmdbd.pid')}`,
      'StorageType=accounting_storage/mysql',
      'StorageHost=localhost',
      'StorageLoc=slurm_acct',
      'StorageUser=slurm',
      'StoragePass=slurm',
    ]);
    chmodSync(this.#file('etc/slurmdbd.conf'), 0o600);
    this.#spawn('slurmdbd', 'slurmdbd', ['-D'], { MYSQL_UNIX_PORT: socket });
    await this.#until('slurmdbd', async () => {
      await run('sacctmgr', ['-n', 'show', 'cluster'], { timeout: 3_000 });
      return true;
    });
    await run('sacctmgr', ['-i', 'add', 'cluster', 'testcluster']);
  }

  #spawn(name: string, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
    const log = openSync(this.#file(`log/${name}.out`), 'a');
    const child = spawn(program, args, { stdio: ['ignore', log, log], env: { ...this.#environment, ...env } });
    child.on('error', () => {});
    this.#daemons.set(name, child);
  }

  async #until(what: string, answers: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      if (await answers().catch(() => false)) return;
      await delay(100);
    }
    const logs = readdirSync(this.#file('log')).map((name) => {
      const text = readFileSync(this.#file(`log/${name}`), 'utf8');
      return `${name}: ${text.slice(-500)}`;
    });
    throw new Error(`${what} did not come up.\n${logs.join('\n')}`);
  }

  #file(name: string): string {
    return path.join(this.root, name);
  }

  #write(name: string, lines: readonly string[]): void {
    writeFileSync(this.#file(name), lines.map((line) => `${line}\n`).join(''));
  }
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => net.createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))));
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
