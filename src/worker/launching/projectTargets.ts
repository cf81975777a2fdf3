import type { NamedTarget } from '../../domain/target.ts';
import { readProjectFile } from '../../launch/project/readProject.ts';

/** The targets that a folder's trainyard.yaml names, and what is wrong in the file. */
export async function projectTargets(
  folder: string,
): Promise<{ readonly targets: readonly NamedTarget[]; readonly problems: readonly string[] }> {
  const { targets, problems } = await readProjectFile(folder);
  return { targets, problems };
}
