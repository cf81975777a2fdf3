// `npm run test:local`: 200 jobs on this machine while the worker is killed a hundred times, and the tests of the local target.
import { runNodeTests } from '../../scripts/test/nodeTests.mjs';

const storm = { TRAINYARD_KILL_JOBS: '200', TRAINYARD_KILLS: '100', TRAINYARD_KILL_ONLY: 'worker' };
for (const [name, value] of Object.entries(storm)) process.env[name] ??= value;
const patterns = ['test/kill/jobs.test.ts', 'test/unit/launch/{localTarget,gpus,argv}.test.ts'];
process.exitCode = await runNodeTests(patterns, { testTimeoutMs: 1_200_000 });
