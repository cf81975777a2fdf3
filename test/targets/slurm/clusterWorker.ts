import { after, afterEach, before, beforeEach } from 'node:test';
import type { WorkerConnection } from '../../../src/client/handshake.ts';
import { TestWorker } from '../../unit/worker/testWorker.ts';
import { ensureSlurm } from './install.ts';
import { TestCluster } from './testCluster.ts';

const obstacle = ensureSlurm({ accounts: false, install: process.env['TRAINYARD_SLURM_INSTALL'] === '1' });

/** For `describe`: skips with the reason where no cluster can be had. */
export const needsCluster = { skip: obstacle === '' ? false : obstacle };

export interface ClusterWorker {
  /** The worker of the test that runs. */
  readonly host: TestWorker;
  /** A client that has the worker's folder open and trusts it. */
  readonly client: WorkerConnection;
}

/** A real cluster without accounts for all tests of a `describe`, and a new worker for each, whose folder `prepare` fills before it is opened. */
export function useClusterWorker(prepare: (host: TestWorker) => void): ClusterWorker {
  const used: { cluster?: TestCluster; host?: TestWorker; client?: WorkerConnection } = {};
  before(async () => {
    used.cluster = new TestCluster({ accounts: false });
    await used.cluster.start();
  });
  after(() => used.cluster?.end());
  beforeEach(async () => {
    const host = new TestWorker();
    used.host = host;
    await host.start();
    prepare(host);
    used.client = await host.connect();
    await used.client.call('folder.open', { folder: host.folder, trusted: true, settings: { pollSeconds: 1 } });
  });
  afterEach(() => used.host?.end());
  return {
    get host() {
      return used.host!;
    },
    get client() {
      return used.client!;
    },
  };
}
