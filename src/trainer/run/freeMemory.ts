import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * Bytes that this process can still get: what Linux counts as available (caches that can be given back included), or what its control group leaves, where that is
 * less (https://docs.kernel.org/admin-guide/cgroup-v2.html, memory.max). Elsewhere what is free.
 */
export function freeHostMemory(root = '/'): number {
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(read(path.join(root, 'proc/meminfo')))?.[1];
  const ofMachine = available === undefined ? os.freemem() : Number(available) * 1024;
  return Math.min(
    ofMachine,
    ...groupsOf(read(path.join(root, 'proc/self/cgroup'))).map((group) => freeInGroup(root, group)),
  );
}

/** Bytes that are free on the NVIDIA GPU that a run takes, or undefined where nobody tells. */
export function freeGpuMemory(env: NodeJS.ProcessEnv = process.env): Promise<number | undefined> {
  const [visible] = (env['CUDA_VISIBLE_DEVICES'] ?? '').split(',');
  const which = visible === undefined || visible === '' ? ['-i', '0'] : ['-i', visible];
  return new Promise((resolve) => {
    const args = [...which, '--query-gpu=memory.free', '--format=csv,noheader,nounits'];
    execFile('nvidia-smi', args, { timeout: 10_000 }, (error, stdout) => {
      const mebibytes = Number(stdout.trim().split('\n')[0]);
      resolve(error === null && Number.isFinite(mebibytes) && stdout.trim() !== '' ? mebibytes * 2 ** 20 : undefined);
    });
  });
}

/** The most bytes that this process has had in memory so far (getrusage, ru_maxrss). */
export function peakMemory(): number {
  return process.resourceUsage().maxRSS * 1024;
}

interface Group {
  readonly folder: string;
  readonly limit: string;
  readonly used: string;
}

/** The control groups of this process from its own up to the root, in both versions' files. */
function groupsOf(text: string): readonly Group[] {
  return text.split('\n').flatMap((line) => {
    const [id, controllers, own] = line.split(':');
    if (own === undefined) return [];
    if (id === '0')
      return ancestors(own).map((folder) => ({
        folder: path.join('sys/fs/cgroup', folder),
        limit: 'memory.max',
        used: 'memory.current',
      }));
    if (controllers?.split(',').includes('memory') !== true) return [];
    return ancestors(own).map((folder) => ({
      folder: path.join('sys/fs/cgroup/memory', folder),
      limit: 'memory.limit_in_bytes',
      used: 'memory.usage_in_bytes',
    }));
  });
}

/** "/a/b" → "/a/b", "/a", "/" */
function ancestors(folder: string): readonly string[] {
  const parts = folder.split('/').filter((part) => part !== '');
  return Array.from({ length: parts.length + 1 }, (_, i) => `/${parts.slice(0, parts.length - i).join('/')}`);
}

function freeInGroup(root: string, { folder, limit, used }: Group): number {
  const most = Number(read(path.join(root, folder, limit)).trim() || Number.NaN);
  if (!Number.isFinite(most)) return Number.POSITIVE_INFINITY;
  const file = /^(?:total_)?inactive_file (\d+)$/m.exec(read(path.join(root, folder, 'memory.stat')))?.[1];
  // Cached files count as used, and are given back.
  return Math.max(0, most - Number(read(path.join(root, folder, used)).trim() || 0) + Number(file ?? 0));
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
