import os from 'node:os';
import { programVersion } from '../../base/version.ts';
import type { JsonObject } from '../../domain/json.ts';
import { gitVersion } from '../git.ts';
import type { Gpu } from '../local/gpu.ts';

/** The machine that a run was launched from: what `snapshot/hardware.json` holds. Sizes in bytes. */
export async function describeHardware(gpus: readonly Gpu[]): Promise<JsonObject> {
  const processors = os.cpus();
  return {
    host: os.hostname(),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    processor: processors[0]?.model ?? 'unknown',
    processors: processors.length,
    memory: os.totalmem(),
    gpus: gpus.map(({ id, name, uuid, totalMiB }) => ({
      id,
      name,
      ...(uuid === undefined ? {} : { uuid }),
      ...(totalMiB === undefined ? {} : { memory: totalMiB * 1024 * 1024 }),
    })),
    versions: { trainyard: programVersion, node: process.versions.node, git: (await gitVersion()) ?? null },
  };
}
