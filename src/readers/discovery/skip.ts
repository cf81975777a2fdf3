/** Folders that hold no runs but much else: version control, packages, caches. */
const skippedNames: ReadonlySet<string> = new Set([
  '.git',
  '.hg',
  '.svn',
  'node_modules',
  '.venv',
  'venv',
  'site-packages',
  '__pycache__',
  '.mypy_cache',
  '.pytest_cache',
  '.ruff_cache',
  '.tox',
  '.nox',
  '.ipynb_checkpoints',
  '.vscode-server',
  '.Trash',
  // Worktrees of reproduced runs, which are copies of the folder itself.
  '.trainyard',
]);

/** Why discovery does not look into a folder of this name, or undefined where it does. */
export function skipByName(name: string): string | undefined {
  return skippedNames.has(name) ? `${name} never holds runs` : undefined;
}

/** Why discovery does not look below a folder with this content: virtual environments may have any name. */
export function skipByContent(files: readonly string[], folders: readonly string[]): string | undefined {
  if (files.includes('pyvenv.cfg')) return 'a virtual environment of Python';
  if (folders.includes('conda-meta')) return 'a Conda environment';
  return undefined;
}

/** A test for the user's patterns: `*` and `?` stay within a name, `**` crosses folders. A pattern without `/` fits at any depth. */
export function excludedBy(patterns: readonly string[]): (relativePath: string) => boolean {
  const expressions = patterns.filter((pattern) => pattern.trim() !== '').map(toExpression);
  return (relativePath) => expressions.some((expression) => expression.test(relativePath));
}

function toExpression(pattern: string): RegExp {
  const trimmed = pattern.trim().replace(/\/(\*\*)?$/, '');
  const anchored = trimmed.includes('/') ? trimmed.replace(/^\//, '') : `**/${trimmed}`;
  const parts = anchored
    .split(/(\*\*\/|\*\*|\*|\?)/)
    .map((part) => wildcards.get(part) ?? part.replace(/[.+^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('')}(/|$)`);
}

const wildcards: ReadonlyMap<string, string> = new Map([
  ['**/', '(?:.*/)?'],
  ['**', '.*'],
  ['*', '[^/]*'],
  ['?', '[^/]'],
]);
