import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { PythonEnvironment } from '../../domain/entryPoint.ts';
import { environmentProgram, findProgram, isProgram, type Variables } from './programs.ts';

type Found = PythonEnvironment | { readonly missing: string } | undefined;
type Finder = (folder: string, env: Variables) => Found;

/** How a project says which Python it wants, the most telling first. `missing` is what would have been taken, had its program been there. */
const finders: readonly Finder[] = [uv, poetry, pixi, virtualEnvironment, conda];

/**
 * The Python that runs files of a folder: what the nearest folder from there up to `root` says, then the active environment, then the system's.
 * Nothing is executed, and nothing is asked of the network.
 */
export function findPython(folder: string, root: string, env: Variables = process.env): PythonEnvironment {
  const missing: string[] = [];
  for (const place of upwards(folder, root)) {
    for (const finder of finders) {
      const found = finder(place, env);
      if (found === undefined) continue;
      if ('missing' in found) missing.push(found.missing);
      else return found;
    }
  }
  const active = activeEnvironment(env);
  if (active !== undefined) return active;
  const name =
    findProgram('python3', env) !== undefined || findProgram('python', env) === undefined ? 'python3' : 'python';
  const because = missing.length === 0 ? 'the folder names no environment' : [...new Set(missing)].join('; ');
  return { kind: 'system', program: [name], reason: `${name} of the system: ${because}.` };
}

/** A program of an environment beside its Python (`modal`, a console script), as argument vector; undefined where it is not installed. */
export function environmentTool(
  python: PythonEnvironment,
  name: string,
  env: Variables = process.env,
): readonly string[] | undefined {
  const last = python.program.at(-1)!;
  if (python.program.length > 1) return [...python.program.slice(0, -1), name];
  if (path.isAbsolute(last)) {
    const beside = path.join(path.dirname(last), path.basename(environmentProgram('', name)));
    if (isProgram(beside)) return [beside];
  }
  return findProgram(name, env) === undefined ? undefined : [name];
}

function upwards(folder: string, root: string): readonly string[] {
  const places = [folder];
  for (let place = folder; place !== root && path.dirname(place) !== place; ) {
    place = path.dirname(place);
    if (place !== root && !place.startsWith(root + path.sep)) break;
    places.push(place);
  }
  return places;
}

function uv(folder: string, env: Variables): Found {
  const sign =
    firstOf(folder, ['uv.lock']) ??
    (textOf(folder, 'pyproject.toml').includes('[tool.uv]') ? '[tool.uv] in pyproject.toml' : undefined);
  return byRunner('uv', sign, ['uv', 'run', 'python'], env);
}

function poetry(folder: string, env: Variables): Found {
  const sign =
    firstOf(folder, ['poetry.lock']) ??
    (textOf(folder, 'pyproject.toml').includes('[tool.poetry]') ? '[tool.poetry] in pyproject.toml' : undefined);
  return byRunner('poetry', sign, ['poetry', 'run', 'python'], env);
}

function pixi(folder: string, env: Variables): Found {
  const sign =
    firstOf(folder, ['pixi.lock', 'pixi.toml']) ??
    (textOf(folder, 'pyproject.toml').includes('[tool.pixi') ? '[tool.pixi] in pyproject.toml' : undefined);
  return byRunner('pixi', sign, ['pixi', 'run', 'python'], env);
}

function byRunner(
  kind: 'uv' | 'poetry' | 'pixi',
  sign: string | undefined,
  program: readonly string[],
  env: Variables,
): Found {
  if (sign === undefined) return undefined;
  if (findProgram(kind, env) === undefined) return { missing: `${sign} wants ${kind}, which is not on PATH` };
  return { kind, program, reason: `${program.join(' ')}: the project has ${sign}.` };
}

function virtualEnvironment(folder: string): Found {
  for (const name of ['.venv', 'venv', 'env']) {
    const place = path.join(folder, name);
    const python = environmentProgram(place, 'python');
    if (existsSync(path.join(place, 'pyvenv.cfg')) && isProgram(python))
      return { kind: 'venv', program: [python], reason: `The virtual environment ${name} of the project.` };
  }
  return undefined;
}

function conda(folder: string, env: Variables): Found {
  const file = firstOf(folder, ['environment.yml', 'environment.yaml', 'conda.yaml', 'conda.yml']);
  if (file === undefined) return undefined;
  const name = /^name:\s*["']?([\w.-]+)/m.exec(textOf(folder, file))?.[1];
  if (name === undefined) return undefined;
  const prefix = env['CONDA_PREFIX'];
  if (prefix !== undefined && path.basename(prefix) === name && isProgram(environmentProgram(prefix, 'python')))
    return {
      kind: 'conda',
      program: [environmentProgram(prefix, 'python')],
      reason: `The active conda environment ${name}, which ${file} names.`,
    };
  const runner = ['conda', 'mamba', 'micromamba'].find((program) => findProgram(program, env) !== undefined);
  if (runner === undefined) return { missing: `${file} wants the conda environment ${name}, and conda is not on PATH` };
  // Without the flag conda keeps the output until the end.
  const streaming = runner === 'micromamba' ? [] : ['--no-capture-output'];
  return {
    kind: 'conda',
    program: [runner, 'run', ...streaming, '-n', name, 'python'],
    reason: `The conda environment ${name}, which ${file} names.`,
  };
}

function activeEnvironment(env: Variables): PythonEnvironment | undefined {
  for (const [variable, kind] of [
    ['VIRTUAL_ENV', 'venv'],
    ['CONDA_PREFIX', 'conda'],
  ] as const) {
    const place = env[variable];
    if (place === undefined || place === '') continue;
    const python = environmentProgram(place, 'python');
    if (isProgram(python)) return { kind, program: [python], reason: `The environment that ${variable} names.` };
  }
  return undefined;
}

function firstOf(folder: string, names: readonly string[]): string | undefined {
  return names.find((name) => existsSync(path.join(folder, name)));
}

function textOf(folder: string, name: string): string {
  try {
    return readFileSync(path.join(folder, name), 'utf8');
  } catch {
    return '';
  }
}
