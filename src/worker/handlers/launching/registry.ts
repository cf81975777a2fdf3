import path from 'node:path';
import { AppError } from '../../../base/errors.ts';
import { readProjectFile } from '../../../launch/project/readProject.ts';
import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { Client } from '../../clients.ts';
import { carryOut, readRegistries, registryFiles } from '../../registries.ts';
import { isInside } from '../../runs/folders.ts';
import type { WorkerServices } from '../../services.ts';
import { absolute, refuseUntrusted } from '../checks.ts';

/** Registries of experiments. */
export function registryHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<Handlers<WorkerMethods>, 'registry.read' | 'registry.change'> {
  return {
    'registry.read': async ({ folder, file }) => {
      if (file !== undefined) return { registries: readRegistries([absolute(file)]) };
      const root = absolute(folder);
      const { registries } = await readProjectFile(root);
      return { registries: readRegistries(registryFiles(root, registries)) };
    },
    'registry.change': async (change) => {
      const file = absolute(change.file);
      const folder = worker.folders.roots.find((root) => isInside(file, root));
      if (folder === undefined)
        throw new AppError('bad-argument', `${file} does not lie in a folder that is open.`, {
          hint: 'Open its folder first.',
        });
      refuseUntrusted(client(), folder);
      const result = await carryOut({ ...change, file });
      worker.clients.tell('registry.changed', { file }, path.dirname(file));
      return result;
    },
  };
}
