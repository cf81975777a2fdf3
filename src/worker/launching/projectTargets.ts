import type { NamedTarget } from '../../domain/target.ts';

/** The targets that a folder's trainyard.yaml names, and what is wrong in the file. */
export async function projectTargets(
  _folder: string,
): Promise<{ readonly targets: readonly NamedTarget[]; readonly problems: readonly string[] }> {
  return { targets: [], problems: [] };
}
