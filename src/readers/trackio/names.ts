import path from 'node:path';

/** Trackio keeps `<project>.db` in one folder (trackio/utils.py: `$TRACKIO_DIR`, else `$HF_HOME/trackio`). */
export const trackioFolder = /^\.?trackio$/i;

const databaseFile = /^(.+)\.db$/;
/** The model registry of newer versions has databases of its own (utils.py, REGISTRY_PROJECT_PREFIX). */
const registryPrefix = 'registry-';

/** The project of a database by its name; undefined where it is none of Trackio's. */
export function projectOf(fileName: string): string | undefined {
  const project = databaseFile.exec(fileName)?.[1];
  return project === undefined || project.startsWith(registryPrefix) ? undefined : project;
}

/** A project's name as files have it: letters, digits, `-` and `_` (utils.py, canonical_project_name). */
export function fileNameOfProject(project: string): string {
  const safe = project.replace(/[^\p{L}\p{N}_-]/gu, '');
  return safe === '' ? 'default' : safe;
}

/** The environment that decides where Trackio writes. */
export interface TrackioEnvironment {
  readonly TRACKIO_DIR?: string | undefined;
  readonly HF_HOME?: string | undefined;
  readonly XDG_CACHE_HOME?: string | undefined;
  readonly HOME?: string | undefined;
  readonly USERPROFILE?: string | undefined;
}

/**
 * Where Trackio writes outside the workspace: `$TRACKIO_DIR`, and the folder `trackio` of Hugging Face's cache, which is `$HF_HOME`, `$XDG_CACHE_HOME/huggingface` or
 * `~/.cache/huggingface` (huggingface_hub/constants.py). Absolute paths, the most telling one first; whether they exist is not looked at.
 */
export function defaultTrackioFolders(environment: TrackioEnvironment): readonly string[] {
  const { TRACKIO_DIR: own, HF_HOME: cache, XDG_CACHE_HOME: caches, HOME, USERPROFILE } = environment;
  const home = HOME || USERPROFILE;
  const expand = (folder: string): string => (home && /^~(?=$|[\\/])/.test(folder) ? home + folder.slice(1) : folder);
  const root = caches ? expand(caches) : home ? path.join(home, '.cache') : undefined;
  const huggingFace = cache ? expand(cache) : root === undefined ? undefined : path.join(root, 'huggingface');
  const folders = [
    own ? expand(own) : undefined,
    huggingFace === undefined ? undefined : path.join(huggingFace, 'trackio'),
  ];
  return [...new Set(folders.filter((folder) => folder !== undefined && path.isAbsolute(folder)))] as string[];
}
