import path from 'node:path';
import type { Finder } from '../draft.ts';
import { projectFolder } from '../pythonCommand.ts';
import { roleOf } from '../role.ts';
import { hasDirectives, parseDirectives } from './sbatchText.ts';
import { interpreterOf } from './shell.ts';

/** Scripts for sbatch, by their ending or their `#SBATCH` lines. They run as what they are, and what they ask for is told to the cluster. */
export const slurmFinder: Finder = {
  accepts: (name) => /\.(slurm|sbatch|sh|bash|sub|job)$/.test(name),
  find: (file, { root }) => {
    const directives = parseDirectives(file.text);
    const isNamed = /\.(slurm|sbatch)$/.test(file.path);
    if (!isNamed && !hasDirectives(file.text)) return [];
    const cwd = projectFolder(path.dirname(file.path), root);
    const role = roleOf(directives?.jobName ?? '');
    const own = roleOf(path.basename(file.path));
    return [
      {
        id: `slurm:${file.relative}`,
        kind: 'slurm',
        title: file.relative,
        file: file.path,
        line: directives?.line ?? 1,
        reason: directives === undefined ? 'Is a script for sbatch by its name.' : 'Has #SBATCH lines.',
        command: [interpreterOf(file.text), path.relative(cwd, file.path)],
        cwd,
        env: {},
        takes: /"?\$(@|\*|\{?[1-9])/.test(file.text) ? 'arguments' : 'nothing',
        role: own === 'other' ? role : own,
        ...(directives === undefined ? {} : { slurm: directives.resources }),
      },
    ];
  },
};
