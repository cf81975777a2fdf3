import type { RunId } from '../../domain/ids.ts';
import type { LaunchRequest } from '../../domain/launch.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import type { CodeState } from '../../launch/git.ts';
import { type Prepared, present } from './prepared.ts';
import { type ResolvedLaunch, slotOf } from './resolveLaunch.ts';

/** The launch of a recipe. `trainCommand` gives the trainer's command for a run directory. */
export function prepareRecipe(
  request: LaunchRequest,
  resolved: ResolvedLaunch,
  code: CodeState,
  trainCommand: (directory: string) => readonly string[],
  resumedFrom: RunId | undefined,
): Prepared {
  return {
    root: request.folder,
    runsFolder: resolved.runsFolder,
    name: resolved.name,
    isNameFree: resolved.isNameFree,
    slot: slotOf(resolved.device),
    held: request.hold === true,
    record: (id, name, directory) => ({
      format: 1,
      id,
      requestId: request.requestId,
      name,
      recipe: resolved.recipe.id,
      createdAt: Date.now() / 1000,
      command: trainCommand(directory),
      cwd: request.folder,
      env: {},
      device: resolved.device,
      overrides: request.overrides,
      dirty: code.dirty,
      labels: request.labels ?? [],
      ...present({
        configFile: request.configFile,
        resumeFrom: request.resumeFrom,
        resumedFrom,
        commit: code.commit,
        branch: code.branch,
        patchFile: code.patch === undefined ? undefined : runFiles.patch,
      }),
    }),
    configYaml: (name) => renamed(resolved, name),
    ...(code.patch === undefined ? {} : { patch: code.patch }),
  };
}

/** The configuration names its run, so another name needs another text. */
function renamed({ configYaml, name: first }: ResolvedLaunch, name: string): string {
  return name === first ? configYaml : configYaml.replace(/^name: .*$/m, `name: ${name}`);
}
