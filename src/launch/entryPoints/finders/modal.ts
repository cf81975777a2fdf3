import path from 'node:path';
import type { EntryPoint } from '../../../domain/entryPoint.ts';
import { environmentTool } from '../../environments/findPython.ts';
import type { Finder, SourceFile } from '../draft.ts';
import { projectFolder } from '../pythonCommand.ts';
import { callArguments, lineAt, namedArguments, stringLiteral } from '../pythonText.ts';
import { roleOf } from '../role.ts';

/** Modal apps: `modal.App(…)` with local entry points, or functions where there are none. Started through Modal's own program, detached. */
export const modalFinder: Finder = {
  accepts: (name) => name.endsWith('.py'),
  find: (file, context) => {
    if (!/\bmodal\b/.test(file.blank)) return [];
    const app = /\b(?:modal\.(?:App|Stub)|(?<!\.)App)[ \t]*\(/.exec(file.blank);
    if (app === null) return [];
    const { positional, named } = argumentsAt(file, app.index + app[0].length - 1);
    const name = stringLiteral(positional[0] ?? named.get('name'));
    const entrypoints = decorated(file, 'local_entrypoint');
    const functions = decorated(file, 'function');
    const gpus = [
      ...new Set(
        functions.map(({ named: given }) => stringLiteral(given.get('gpu'))).filter((gpu) => gpu !== undefined),
      ),
    ];
    const starts = entrypoints.length > 0 ? entrypoints : functions;
    const cwd = projectFolder(path.dirname(file.path), context.root);
    const python = context.pythonFor(path.dirname(file.path));
    const program = environmentTool(python, 'modal', context.env) ?? ['modal'];
    const relative = path.relative(cwd, file.path);
    return starts.map((start): EntryPoint => {
      const reference = starts.length === 1 ? relative : `${relative}::${start.name}`;
      const what = entrypoints.length > 0 ? 'local entry point' : 'function';
      return {
        id: starts.length === 1 ? `modal:${file.relative}` : `modal:${file.relative}#${start.name}`,
        kind: 'modal',
        title: starts.length === 1 ? `modal run ${relative}` : `modal run ${relative}::${start.name}`,
        file: file.path,
        line: lineAt(file.text, start.at),
        reason: `Modal app${name === undefined ? '' : ` ${name}`}, ${what} ${start.name}${gpus.length === 0 ? '' : `, GPU ${gpus.join(', ')}`}.`,
        // Behind the bare dashes, words go to the function as they are.
        command: [...program, 'run', '--detach', reference, ...(start.takesAny ? ['--'] : [])],
        cwd,
        env: {},
        takes: start.takesNothing ? 'nothing' : 'arguments',
        role: roleOf(start.name) === 'other' ? roleOf(path.basename(file.path)) : roleOf(start.name),
        python,
      };
    });
  },
};

interface Decorated {
  readonly name: string;
  readonly at: number;
  readonly named: ReadonlyMap<string, string>;
  /** Has *arguments. */
  readonly takesAny: boolean;
  readonly takesNothing: boolean;
}

/** Functions under `@app.function(…)` and the like, with further decorators between. */
function decorated(file: SourceFile, decorator: string): readonly Decorated[] {
  const found: Decorated[] = [];
  for (const match of file.blank.matchAll(new RegExp(`^[ \\t]*@\\w+\\.${decorator}[ \\t]*\\(`, 'gm'))) {
    const open = match.index + match[0].length - 1;
    const definition = /^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)[ \t]*\(/m.exec(file.blank.slice(open));
    if (definition === null) continue;
    const parameters = callArguments(file.text, file.blank, open + definition.index + definition[0].length - 1) ?? [];
    found.push({
      name: definition[1]!,
      at: match.index,
      named: argumentsAt(file, open).named,
      takesAny: parameters.some((parameter) => /^\*\w/.test(parameter)),
      takesNothing: parameters.length === 0,
    });
  }
  return found;
}

function argumentsAt(file: SourceFile, open: number): ReturnType<typeof namedArguments> {
  return namedArguments(callArguments(file.text, file.blank, open) ?? []);
}
