import path from 'node:path';
import type { FoundRun } from '../../domain/records.ts';
import { runName } from '../files/runName.ts';
import { readTextEnds } from '../files/textEnds.ts';
import type { ContainerListing, FolderListing, FolderMatch, RunContainer, RunFormat } from '../format.ts';
import { type OutputName, orderOutputs, readOutputName } from './names.ts';
import { SlurmReader } from './reader.ts';
import { scriptOf } from './scripts.ts';

/**
 * Output files of SLURM jobs. `slurm-4711.out` is one by its name; `train_4711.log` is one where SLURM wrote into it or where a script beside it names it by a
 * pattern. A job's output and its errors are one run.
 */
export const slurmFormat: RunFormat = {
  source: 'slurm',
  title: 'SLURM output files',
  match: matchFolder,
  list: listOutput,
  open: (run) => new SlurmReader(run),
  matchFile: (fileName, head) => {
    const name = readOutputName(fileName);
    return name !== undefined && (name.isSure || speaksOfSlurm(new TextDecoder().decode(head), name));
  },
};

function matchFolder(folder: FolderListing): FolderMatch | undefined {
  const byStem = new Map<string, { readonly name: OutputName; readonly files: string[] }>();
  for (const file of folder.files) {
    const name = readOutputName(file);
    if (name === undefined) continue;
    const job = byStem.get(name.stem);
    if (job === undefined) byStem.set(name.stem, { name, files: [file] });
    else job.files.push(file);
  }
  if (byStem.size === 0) return undefined;
  const jobs = [...byStem.values()].map(({ name, files }) => ({
    name,
    files: orderOutputs(files).map((file) => path.resolve(folder.path, file)),
  }));
  return {
    runs: jobs.filter(({ name }) => name.isSure).map(({ files }) => foundRun(files[0]!, folder.root)),
    containers: jobs
      .filter(({ name }) => !name.isSure)
      .map(({ files }) => ({ source: 'slurm', path: files[0]!, root: folder.root, beside: files.slice(1) })),
    descend: true,
  };
}

/** Looks into a file whose name may be one of a job: at both ends, since SLURM speaks at the end of a job and scripts at its beginning. */
async function listOutput({ path: file, root, beside = [] }: RunContainer): Promise<ContainerListing> {
  const name = readOutputName(path.basename(file));
  if (name === undefined) return { runs: [], settled: true };
  const found = { runs: [foundRun(file, root)], settled: true };
  if ((await scriptOf(file, root)) !== undefined) return found;
  for (const each of [file, ...beside]) {
    const ends = await readTextEnds(each, { head: 4096, tail: 16_384 });
    if (ends !== undefined && speaksOfSlurm(`${ends.head}\n${ends.tail}`, name)) return found;
  }
  return { runs: [], settled: false };
}

const slurmWords =
  /slurmstepd: error: |^srun: (?:error|job|Job|Force|launch|step)|\bSLURM_(?:JOB|ARRAY|NODE|SUBMIT|PROC|NTASKS|GPUS)\w*\s*[=:]|\*\*\* (?:JOB|STEP) \d+\S* ON \S+ CANCELLED/m;

/** Whether a text was printed by a job of SLURM: by its daemons, its variables, or a line with the job's own number. */
function speaksOfSlurm(text: string, { jobId }: OutputName): boolean {
  return slurmWords.test(text) || new RegExp(`^\\W*(?:slurm )?job[ _-]?id\\W+${jobId}\\b`, 'im').test(text);
}

function foundRun(file: string, root: string): FoundRun {
  const stem = readOutputName(path.basename(file))?.stem ?? path.basename(file);
  return { source: 'slurm', path: file, root, name: runName(root, path.join(path.dirname(file), stem)) };
}
