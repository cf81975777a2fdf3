import path from 'node:path';
import type { EntryPoint } from '../../../domain/entryPoint.ts';
import { environmentTool } from '../../environments/findPython.ts';
import type { Finder } from '../draft.ts';
import { lineAt } from '../pythonText.ts';
import { roleOf } from '../role.ts';

/** Console scripts of pyproject.toml that train, evaluate or make data, where the environment has them or can make them. */
export const consoleFinder: Finder = {
  accepts: (name) => name === 'pyproject.toml',
  find: (file, context) => {
    const folder = path.dirname(file.path);
    const python = context.pythonFor(folder);
    const entries: EntryPoint[] = [];
    for (const { name, target, at } of consoleScripts(file.text)) {
      const role = roleOf(name) === 'other' ? roleOf(target.split(':')[0]!.split('.').at(-1)!) : roleOf(name);
      const command = environmentTool(python, name, context.env);
      if (role === 'other' || command === undefined) continue;
      entries.push({
        id: `module:${file.relative}#${name}`,
        kind: 'module',
        title: name,
        file: file.path,
        line: lineAt(file.text, at),
        reason: `The console script ${name} of ${file.relative} calls ${target}.`,
        command,
        cwd: folder,
        env: {},
        takes: 'arguments',
        role,
        python,
      });
    }
    return entries;
  },
};

function* consoleScripts(text: string): Generator<{ name: string; target: string; at: number }> {
  for (const section of text.matchAll(/^\[(?:project|tool\.poetry)\.scripts\][ \t]*(?:#.*)?$/gm)) {
    const start = section.index + section[0].length;
    const next = /^\[/m.exec(text.slice(start));
    const body = text.slice(start, next === null ? undefined : start + next.index);
    for (const match of body.matchAll(/^["']?([\w.-]+)["']?[ \t]*=[ \t]*["']([\w.]+:[\w.]+)["']/gm))
      yield { name: match[1]!, target: match[2]!, at: start + match.index };
  }
}
