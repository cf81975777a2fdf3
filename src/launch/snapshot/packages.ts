import path from 'node:path';
import type { PythonEnvironment } from '../../domain/entryPoint.ts';
import type { Executor } from '../remote/executor.ts';
import { redacted } from './secrets.ts';

const freezeMs = 30_000;
const versionMs = 5_000;

/** The Python that a command starts: of its entry point, or its first word where that is one. */
export function pythonOf(
  command: readonly string[],
  python: PythonEnvironment | undefined,
): readonly string[] | undefined {
  if (python !== undefined) return python.program;
  const [first] = command;
  return first !== undefined && /^python[\d.]*(\.exe)?$/.test(path.basename(first)) ? [first] : undefined;
}

/** What is installed for a Python, a line each, as `pip freeze` prints it; its version stands in the first line. Undefined where nobody can say in time. */
export async function freezePackages(
  executor: Executor,
  python: readonly string[],
  cwd: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const usesUv = path.basename(python[0] ?? '') === 'uv';
  const ways = [...(usesUv ? [['uv', 'pip', 'freeze']] : []), [...python, '-m', 'pip', 'freeze']];
  const version = await say(executor, [...python, '--version'], cwd, versionMs, signal);
  for (const way of ways) {
    const text = await say(executor, way, cwd, freezeMs, signal);
    if (text !== undefined) return redacted(`# ${version?.trim() ?? 'Python'}\n${text.trimEnd()}\n`);
  }
  return undefined;
}

async function say(
  executor: Executor,
  command: readonly string[],
  cwd: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const ended = await executor.run(command, { cwd, timeoutMs, signal }).catch(() => undefined);
  return ended?.code === 0 ? ended.stdout : undefined;
}
