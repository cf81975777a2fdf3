import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

const programs = ['slurmctld', 'slurmd', 'sbatch', 'squeue', 'scontrol', 'munged'] as const;
const accountPrograms = ['slurmdbd', 'sacct', 'mariadbd', 'mariadb-install-db'] as const;
const packages = 'slurm-wlm slurm-wlm-basic-plugins slurm-client munge'.split(' ');
const accountPackages = 'slurmdbd mariadb-server'.split(' ');

/**
 * Sees to it that SLURM can be started here: '' where it can, else a sentence that says why not. Packages are installed where this is root on a system
 * with apt, and only when asked to.
 */
export function ensureSlurm(options: { readonly accounts: boolean; readonly install: boolean }): string {
  const known = process.env['TRAINYARD_SLURM_OBSTACLE'];
  if (known !== undefined) return known;
  const wanted = options.accounts ? [...programs, ...accountPrograms] : programs;
  const missing = wanted.filter((program) => !exists(program));
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) return 'The daemons of SLURM are started as root only.';
  if (!existsSync('/sys/fs/cgroup') || readdirSync('/sys/fs/cgroup').length === 0)
    return 'slurmd needs /sys/fs/cgroup, which is not mounted here.';
  if (missing.length === 0) return '';
  if (!exists('apt-get')) return `${missing.join(', ')} are not installed, and there is no apt-get.`;
  if (!options.install) return `${missing.join(', ')} are not installed; npm run test:slurm installs them.`;
  const apt = (...args: readonly string[]) =>
    spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=600', ...args], {
      stdio: 'ignore',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  apt('update', '-qq');
  apt('install', '-y', '-qq', '--no-install-recommends', ...packages, ...(options.accounts ? accountPackages : []));
  const still = wanted.filter((program) => !exists(program));
  return still.length === 0 ? '' : `${still.join(', ')} could not be installed by apt-get.`;
}

function exists(program: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
