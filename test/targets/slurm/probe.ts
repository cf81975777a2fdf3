// Starts and ends a cluster once, and prints why there can be none; nothing where there can. For the stage of `npm test`, which is to say what a machine lacks.
import { ensureSlurm } from './install.ts';
import { TestCluster } from './testCluster.ts';

const obstacle = ensureSlurm({ accounts: false, install: true });
if (obstacle !== '') console.log(obstacle);
else {
  const cluster = new TestCluster({ accounts: false });
  try {
    await cluster.start();
  } catch (error) {
    console.log(`A cluster does not come up on this machine: ${(error as Error).message}`);
  } finally {
    await cluster.end();
  }
}
