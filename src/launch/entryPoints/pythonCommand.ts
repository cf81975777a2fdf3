import { existsSync } from 'node:fs';
import path from 'node:path';
import type { PythonEnvironment } from '../../domain/entryPoint.ts';
import type { FindContext, SourceFile } from './draft.ts';

export interface PythonCommand {
  readonly python: PythonEnvironment;
  readonly command: readonly string[];
  readonly cwd: string;
  /** Dotted name, where it must be run with -m. */
  readonly module?: string;
}

/** Files that show that a folder is a project of its own, from where its commands are typed. */
const projectSigns = [
  'pyproject.toml',
  'setup.py',
  'setup.cfg',
  'uv.lock',
  'requirements.txt',
  'environment.yml',
  '.git',
  'trainyard.yaml',
] as const;

/**
 * How a Python file is run: as a script from its project's folder, or with -m where it stands in a package and could not import its neighbours otherwise
 * (relative imports, `__main__.py`).
 */
export function pythonCommand(file: SourceFile, context: FindContext): PythonCommand {
  const folder = path.dirname(file.path);
  const python = context.pythonFor(folder);
  const isMain = path.basename(file.path) === '__main__.py';
  if (isMain || hasRelativeImports(file.blank)) {
    const found = moduleOf(file.path, context.root);
    if (found !== undefined)
      return { python, command: [...python.program, '-m', found.module], cwd: found.folder, module: found.module };
  }
  const cwd = projectFolder(folder, context.root);
  return { python, command: [...python.program, path.relative(cwd, file.path)], cwd };
}

/** The folder from where commands of a file are typed: the nearest with a sign of a project, up to the root. */
export function projectFolder(folder: string, root: string): string {
  for (let place = folder; place !== root; place = path.dirname(place)) {
    if (path.dirname(place) === place) break;
    if (projectSigns.some((name) => existsSync(path.join(place, name)))) return place;
  }
  return root;
}

function hasRelativeImports(blank: string): boolean {
  return /^[ \t]*from[ \t]+\.[\w.]*[ \t]+import\b/m.test(blank);
}

/** The dotted name of a file from the first folder upwards that is no package. */
function moduleOf(file: string, root: string): { module: string; folder: string } | undefined {
  const parts = path.basename(file) === '__main__.py' ? [] : [path.basename(file, '.py')];
  let folder = path.dirname(file);
  const isPackage = (place: string): boolean => existsSync(path.join(place, '__init__.py'));
  // A package without __init__.py (PEP 420) is taken for one where its file imports its neighbours.
  do {
    if (folder === root) break;
    parts.unshift(path.basename(folder));
    folder = path.dirname(folder);
  } while (isPackage(folder));
  const isName = parts.length > 0 && parts.every((part) => /^[A-Za-z_]\w*$/.test(part));
  return isName ? { module: parts.join('.'), folder } : undefined;
}
