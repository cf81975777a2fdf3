import { didYouMean } from '../../domain/config.ts';
import type { SlurmSettings, TargetReport } from '../../domain/target.ts';
import type { Executor } from '../remote/executor.ts';
import { resourceOptions } from './options.ts';
import { slurmEnvironment } from './texts.ts';

const askMs = 30_000;
/** An estimate beyond this is the scheduler's way to say that it does not know. */
const longestForecastDays = 30;

interface Partition {
  readonly name: string;
  readonly isUp: boolean;
  readonly limit: string;
  readonly idleNodes: number;
  readonly nodes: number;
  gpus: number;
  usedGpus: number;
}

/**
 * Looks at a cluster before a launch: its partitions with what is idle and their limits, the user's accounts, and what the cluster would say to this very
 * request. Nothing is submitted.
 */
export async function reportSlurm(
  name: string,
  settings: SlurmSettings,
  executor: Executor,
  signal?: AbortSignal,
): Promise<TargetReport> {
  const ask = (command: readonly string[], input?: string) =>
    executor.run(command, {
      env: slurmEnvironment,
      timeoutMs: askMs,
      ...(input === undefined ? {} : { input }),
      ...(signal === undefined ? {} : { signal }),
    });
  const [groups, nodes, accounts, forecast] = await Promise.all([
    ask(['sinfo', '-h', '-o', '%R|%a|%l|%F']),
    ask(['sinfo', '-h', '-N', '-O', 'PartitionName:|,Gres:|,GresUsed:|']),
    ask(['sshare', '-h', '-P', '-U', '-o', 'Account,FairShare']),
    ask(['sbatch', '--test-only', ...resourceOptions(settings)], '#!/bin/sh\ntrue\n'),
  ]);
  if (groups.code !== 0) {
    const said = groups.stderr.trim().split('\n').at(-1) ?? '';
    const problem = `SLURM on ${executor.name} gives no answer: ${said} Look whether sinfo works there.`;
    return { name, kind: 'slurm', usable: false, lines: [], problems: [problem] };
  }
  const partitions = withGpus(readPartitions(groups.stdout), nodes.code === 0 ? nodes.stdout : '');
  const known = readAccounts(accounts.code === 0 ? accounts.stdout : '');
  const problems = [...settingProblems(settings, partitions, known), ...refusal(forecast)];
  return {
    name,
    kind: 'slurm',
    usable: problems.length === 0,
    lines: [
      ...partitions.map(partitionLine),
      ...(known.size === 0
        ? []
        : [`accounts: ${[...known].map(([account, share]) => `${account} (fair share ${share})`).join(', ')}`]),
      ...startLine(forecast.stderr),
    ],
    problems: [...new Set(problems)],
  };
}

/** Minutes of a time limit as sbatch takes it: "90", "90:00", "1:30:00", "1-12", "1-12:00", "1-12:00:00". Undefined for none and for what is no limit. */
export function minutesOf(limit: string): number | undefined {
  const match = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(limit.trim());
  if (match === null) return undefined;
  const [days, first, second, third] = match.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  if (days !== undefined) return days * 1440 + first! * 60 + (second ?? 0) + (third ?? 0) / 60;
  if (third !== undefined) return first! * 60 + second! + third / 60;
  return first! + (second ?? 0) / 60;
}

function readPartitions(text: string): readonly Partition[] {
  const byName = new Map<string, Partition>();
  for (const line of text.split('\n')) {
    const [name = '', up = '', limit = '', counts = ''] = line.split('|');
    if (name === '') continue;
    const [, idle = 0, , total = 0] = counts.split('/').map(Number);
    const earlier = byName.get(name);
    byName.set(name, {
      name,
      isUp: up === 'up',
      limit,
      idleNodes: idle + (earlier?.idleNodes ?? 0),
      nodes: total + (earlier?.nodes ?? 0),
      gpus: 0,
      usedGpus: 0,
    });
  }
  return [...byName.values()];
}

/** "gpu:a100:4(S:0-1)" has 4, "gpu:a100:1(IDX:0)" uses 1. */
function withGpus(partitions: readonly Partition[], text: string): readonly Partition[] {
  for (const line of text.split('\n')) {
    const [name = '', all = '', used = ''] = line.split('|');
    const partition = partitions.find((one) => one.name === name);
    if (partition === undefined) continue;
    partition.gpus += gpusIn(all);
    partition.usedGpus += gpusIn(used);
  }
  return partitions;
}

function gpusIn(text: string): number {
  const counts = [...text.matchAll(/(?:^|,)gpu(?::[^:,(]+)?:(\d+)/g)].map(([, count]) => Number(count));
  return counts.reduce((sum, count) => sum + count, 0);
}

function readAccounts(text: string): ReadonlyMap<string, string> {
  const pairs = text
    .split('\n')
    .map((line) => line.split('|').map((word) => word.trim()))
    .filter(([account]) => account !== undefined && account !== '');
  return new Map(pairs.map(([account = '', share = '']) => [account, share]));
}

function partitionLine({ name, isUp, limit, idleNodes, nodes, gpus, usedGpus }: Partition): string {
  const free = gpus === 0 ? '' : `, ${gpus - usedGpus} of ${gpus} GPUs free`;
  const longest = minutesOf(limit) === undefined ? 'no time limit' : `at most ${limit}`;
  return `partition ${name}: ${isUp ? '' : 'closed, '}${idleNodes} of ${nodes} nodes idle${free}, ${longest}`;
}

function settingProblems(
  { partition, account, time }: SlurmSettings,
  partitions: readonly Partition[],
  accounts: ReadonlyMap<string, string>,
): readonly string[] {
  const problems: string[] = [];
  const names = partitions.map(({ name }) => name);
  // sbatch takes several partitions, separated by commas.
  const chosen = (partition ?? '').split(',').filter((name) => name !== '');
  for (const name of chosen.filter((one) => !names.includes(one))) {
    problems.push(`There is no partition ${name}.${meant(name, names)}`);
  }
  const minutes = time === undefined ? undefined : minutesOf(time);
  if (time !== undefined && minutes === undefined && !/^(infinite|unlimited)$/i.test(time)) {
    problems.push(`${time} is no time limit. Write it as "2:00:00" or "1-00:00:00".`);
  }
  const candidates = partitions.filter(({ name }) => chosen.includes(name));
  const tooShort = candidates.filter(
    ({ limit }) => minutes !== undefined && minutes > (minutesOf(limit) ?? Number.POSITIVE_INFINITY),
  );
  if (tooShort.length > 0 && tooShort.length === candidates.length) {
    const limits = tooShort.map(({ name, limit }) => `${name} allows ${limit}`).join(', ');
    problems.push(
      `The time ${time} is above the limit: ${limits}. Ask for less, or choose another partition; the job would wait for ever.`,
    );
  }
  const closed = candidates.filter(({ isUp }) => !isUp);
  if (closed.length > 0 && closed.length === candidates.length) {
    problems.push(`The partition ${closed.map(({ name }) => name).join(', ')} is closed at the moment.`);
  }
  if (account !== undefined && accounts.size > 0 && !accounts.has(account)) {
    problems.push(`You have no account ${account}.${meant(account, [...accounts.keys()])}`);
  }
  return problems;
}

function meant(name: string, known: readonly string[]): string {
  return didYouMean(name, known) || ` There are ${known.join(', ')}.`;
}

/** What sbatch itself has against the request. */
function refusal({ code, stderr }: { readonly code: number; readonly stderr: string }): readonly string[] {
  if (code === 0) return [];
  const lines = stderr
    .split('\n')
    .filter((line) => line.startsWith('allocation failure') || line.startsWith('sbatch: error'));
  const said = lines.map((line) => line.replace(/^(sbatch: error|allocation failure): /, '')).at(-1);
  // A cluster that is away was said already; an old sbatch may not know the option.
  return said === undefined ? [] : [`The cluster would refuse the job: ${said}.`];
}

function startLine(stderr: string): readonly string[] {
  const match = /to start at (\d+) using (\d+) processors(?: on nodes (\S+))?/.exec(stderr);
  if (match === null) return [];
  const minutes = Math.round((Number(match[1]) - Date.now() / 1000) / 60);
  if (minutes > longestForecastDays * 1440) return [];
  const when =
    minutes <= 1
      ? 'at once'
      : minutes < 120
        ? `in about ${minutes} minutes`
        : `in about ${Math.round(minutes / 60)} hours`;
  return [`would start ${when}${match[3] === undefined ? '' : ` on ${match[3]}`}`];
}
