// The kill tests, long: `npm run test:kill`. Arguments narrow them to files whose path contains one of them.
import { runNodeTests } from '../../scripts/test/nodeTests.mjs';

const defaults = {
  TRAINYARD_KILL_JOBS: '150',
  TRAINYARD_KILLS: '150',
  TRAINYARD_KILL_ROUNDS: '10',
  TRAINYARD_TRAINER_KILLS: '100',
};
for (const [name, value] of Object.entries(defaults)) process.env[name] ??= value;
process.exitCode = await runNodeTests(['test/kill/**/*.test.ts'], {
  parts: process.argv.slice(2),
  testTimeoutMs: 3_600_000,
});
