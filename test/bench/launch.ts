// What launching promises: click → process started, on this machine and through an open ssh connection; a tick of a queue of 10 000 jobs; how often a
// SLURM with 1 000 jobs is asked. There is no peer that does the same, so each row is held against its own limit. npm run bench:launch, on a quiet machine.
import { localRows } from './launch/local.ts';
import { queueRows } from './launch/queue.ts';
import { slurmRows } from './launch/slurm.ts';
import { sshRows } from './launch/ssh.ts';
import { writeReport } from './report.ts';

writeReport(
  'launch',
  [...queueRows(), ...(await localRows()), ...(await sshRows()), ...(await slurmRows())],
  [
    'Launch → process is the time from the call of `command.launch` at a client in another process to the first line of the launched program (`/bin/sh`, which asks `date`), in a git repository with a commit and uncommitted changes: reading the state of the code, the run directory and its syncs, the queue and the shim are in it. The worker and the shim are the bundles of the product.',
    'A tick is one round of the scheduler with its real database in a temporary folder and a stand-in for the target that answers from memory, so that nothing but the queue is measured. In a quiet one nothing changes; in a busy one a job has ended and the next one starts, and both are written and synced.',
    'A row without figures: its component is not installed here.',
  ],
);
