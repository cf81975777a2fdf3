// Runs the tests of the SLURM target: all of them, or with `fast` those that need no database. Packages are installed where this is root on Debian.
// The fast ones are a stage of `npm test`: where no cluster can be had, they say so and leave it out. All of them insist on one.
import { spawnSync } from 'node:child_process';
import { runNodeTests } from '../../../scripts/test/nodeTests.mjs';

const isFast = process.argv.includes('fast');
process.env['TRAINYARD_SLURM_INSTALL'] = '1';
if (isFast) {
  const probe = spawnSync(process.execPath, ['test/targets/slurm/probe.ts'], { encoding: 'utf8', timeout: 200_000 });
  const obstacle =
    probe.status === 0 ? probe.stdout.trim() : `the probe failed: ${probe.stderr.trim().split('\n').at(-1)}`;
  if (obstacle !== '') {
    console.log(`Left out: everything that needs a SLURM cluster. ${obstacle}`);
    process.env['TRAINYARD_SLURM_OBSTACLE'] = obstacle.split('\n')[0];
  }
}
const names = isFast ? '{script,submit,telepathy}' : '*';
process.exitCode = await runNodeTests([`test/targets/slurm/${names}.test.ts`]);
