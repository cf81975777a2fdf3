import { AppError } from '../../../base/errors.ts';
import { readProjectFile } from '../../../launch/project/readProject.ts';
import type { Handlers } from '../../../protocol/rpc.ts';
import type { WorkerMethods } from '../../../protocol/worker.ts';
import type { Client } from '../../clients.ts';
import type { WorkerServices } from '../../services.ts';
import { absolute, isUntrusted, refuseUntrusted } from '../checks.ts';

/** Stages that follow one another. */
export function pipelinesHandlers(
  worker: WorkerServices,
  client: () => Client,
): Pick<Handlers<WorkerMethods>, 'pipelines.launch' | 'pipelines.list'> {
  return {
    'pipelines.launch': async ({ pipeline: name, ...launch }) => {
      const folder = absolute(launch.folder);
      refuseUntrusted(client(), folder);
      const { pipelines } = await readProjectFile(folder);
      const pipeline = pipelines.find((each) => each.name === name);
      if (pipeline === undefined) {
        const names = pipelines.map((each) => each.name).join(', ');
        throw new AppError('not-found', `There is no pipeline "${name}" in ${folder}.`, {
          hint: names === '' ? 'Name pipelines in trainyard.yaml.' : `There are ${names}.`,
        });
      }
      return { pipelineRun: await worker.pipelines.launch(pipeline, { ...launch, folder }) };
    },
    'pipelines.list': async ({ folder }) => {
      const root = absolute(folder);
      return { pipelineRuns: await worker.pipelines.list(root, !isUntrusted(client(), root)) };
    },
  };
}
