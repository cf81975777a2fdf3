// Stands in for a cluster's commands (qsub, qstat, …) in the tests of the command target: jobs are processes, their facts are files.
// node standInQueue.mjs FOLDER submit|status|logs|cancel JOB-OR-COMMAND…
import { spawn } from 'node:child_process';
import { existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const [folder, verb, ...rest] = process.argv.slice(2);
const fileOf = (job, name) => path.join(folder, `${job}.${name}`);

const verbs = {
  submit() {
    if (existsSync(path.join(folder, 'full'))) {
      console.error('qsub: the queue is full');
      process.exit(9);
    }
    const job = `${readdirSync(folder).filter((name) => name.endsWith('.pid')).length + 1}.standin`;
    const output = openSync(fileOf(job, 'log'), 'a');
    const runner = `const { spawnSync } = require('child_process'); const [code, program, ...args] = process.argv.slice(1);
      const { status } = spawnSync(program, args, { stdio: 'inherit' }); require('fs').writeFileSync(code, String(status ?? 143));`;
    const child = spawn(process.execPath, ['-e', runner, fileOf(job, 'code'), ...rest], {
      detached: true,
      stdio: ['ignore', output, output],
    });
    writeFileSync(fileOf(job, 'pid'), String(child.pid));
    child.unref();
    console.log(`Your job has been submitted.\n${job}`);
  },
  status([job]) {
    if (existsSync(path.join(folder, 'silent'))) process.exit(1);
    if (existsSync(fileOf(job, 'code'))) {
      const exitCode = Number(readFileSync(fileOf(job, 'code'), 'utf8'));
      console.log(
        JSON.stringify({ state: exitCode === 0 ? 'done' : 'failed', exitCode, detail: `exit code ${exitCode}` }),
      );
    } else console.log(`${job}  train  me  00:00:01 R workq`);
  },
  logs([job]) {
    process.stdout.write(readFileSync(fileOf(job, 'log')));
  },
  cancel([job]) {
    writeFileSync(fileOf(job, 'code'), '143');
    process.kill(-Number(readFileSync(fileOf(job, 'pid'), 'utf8')), 'SIGKILL');
  },
};
verbs[verb](rest);
