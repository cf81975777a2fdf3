import path from 'node:path';
import type { ContainerListing, FolderListing, FolderMatch } from '../format.ts';

/** Aim keeps everything in a folder of this name. */
const aimFolder = '.aim';

/** Whether a path is that of an Aim repository. */
export function isAimFolder(folder: string): boolean {
  return path.basename(folder) === aimFolder;
}

/** Names an Aim repository, so that people hear why its runs are not among the others. Nothing in it is looked at. */
export function matchAim({ path: folder, root }: FolderListing): FolderMatch {
  return { runs: [], containers: [{ source: 'experiment-hub', path: folder, root }], descend: false, exclusive: true };
}

/** Writes every metric of a repository as JSON lines, a folder per run (aimhubio/aim: Repo.query_metrics in aim/sdk/repo.py, Metric.dataframe in aim/sdk/sequences/metric.py). */
const exportProgram =
  'import aim, json, os; [(os.makedirs(f"aim-export/{m.run.hash}", exist_ok=True), open(f"aim-export/{m.run.hash}/metrics.jsonl", "a").write(' +
  'json.dumps({"step": s, "time": t, m.name: v}) + chr(10))) for m in aim.Repo(".").query_metrics("True") if m.preload() is None ' +
  'for d in [m.data.items_list()] for s, v, t in zip(d[0], d[1][0], d[1][2])]';

/** Why the runs of Aim are not read, and how to get at them. */
export const aimListing: ContainerListing = {
  runs: [],
  settled: true,
  skipped:
    'Aim keeps its values in RocksDB, in an encoding of its own, which is not read here. To see the runs, write them out beside it, where Aim is installed: ' +
    `python -c '${exportProgram}'`,
};
