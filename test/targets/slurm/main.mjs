// Runs the tests of the SLURM target: all of them, or with `fast` those that need no database. Packages are installed where this is root on Debian.
import { runNodeTests } from '../../../scripts/test/nodeTests.mjs';

const isFast = process.argv.includes('fast');
process.env['TRAINYARD_SLURM_INSTALL'] = '1';
const names = isFast ? '{script,submit}' : '*';
process.exitCode = await runNodeTests([`test/targets/slurm/${names}.test.ts`]);
