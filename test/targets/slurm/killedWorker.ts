// A worker that is killed while it submits: `killedWorker.ts DIRECTORY RUN_ID before|during|after`. Started by the tests.
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunId } from '../../../src/domain/ids.ts';
import type { Executed, ExecuteOptions } from '../../../src/launch/remote/executor.ts';
import { LocalExecutor } from '../../../src/launch/remote/localExecutor.ts';
import { sharedFiles } from '../../../src/launch/slurm/place.ts';
import { SlurmTarget } from '../../../src/launch/slurm/slurmTarget.ts';

const [directory, runId, when] = process.argv.slice(2);

class DeadlyExecutor extends LocalExecutor {
  override async run(command: readonly string[], options?: ExecuteOptions): Promise<Executed> {
    if (command[0] !== 'sbatch') return super.run(command, options);
    if (when === 'before') process.kill(process.pid, 'SIGKILL');
    if (when === 'during') {
      // sbatch goes on alone, and reaches the controller only after the next worker has looked.
      const slowly = ['-c', 'sleep 0.5; exec "$@"', 'sh', ...command];
      spawn('sh', slowly, {
        stdio: 'ignore',
        detached: true,
        ...(options?.cwd === undefined ? {} : { cwd: options.cwd }),
      }).unref();
      await delay(20);
      process.kill(process.pid, 'SIGKILL');
    }
    const done = await super.run(command, options);
    process.kill(process.pid, 'SIGKILL');
    return done;
  }
}

const target = new SlurmTarget({
  executorFor: () => new DeadlyExecutor(),
  filesFor: () => sharedFiles,
  complain: console.error,
});
await target.start({ runId: runId as RunId, directory: directory! });
