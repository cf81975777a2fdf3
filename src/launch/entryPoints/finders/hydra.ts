import path from 'node:path';
import type { EntryPoint, HydraPlace } from '../../../domain/entryPoint.ts';
import { guessConfigDir, hydraArguments } from '../configKeys.ts';
import type { FindContext, Finder, SourceFile } from '../draft.ts';
import { pythonCommand } from '../pythonCommand.ts';
import { callArguments, constantText, lineAt, namedArguments } from '../pythonText.ts';
import { roleOf } from '../role.ts';

/** Programs with `@hydra.main(…)`, which may stand over several lines, or its name as `from hydra import main as …`. */
export const hydraFinder: Finder = {
  accepts: (name) => name.endsWith('.py'),
  find: (file, context) => {
    const decorator = findDecorator(file);
    return decorator === undefined ? [] : [hydraEntry(file, decorator, context)];
  },
};

interface Decorator {
  readonly at: number;
  readonly configPath?: string;
  readonly configName?: string;
  /** The decorator names a folder, but by an expression. */
  readonly isDynamic: boolean;
}

function findDecorator(file: SourceFile): Decorator | undefined {
  const imported = /^[ \t]*from[ \t]+hydra[ \t]+import[ \t]+(.+)$/m.exec(file.blank)?.[1] ?? '';
  const direct = /\bmain(?:[ \t]+as[ \t]+(\w+))?/.exec(imported);
  const module = /^[ \t]*import[ \t]+hydra(?:[ \t]+as[ \t]+(\w+))?/m.exec(file.blank);
  const names = [
    'hydra\\.main',
    ...(direct === null ? [] : [direct[1] ?? 'main']),
    ...(module?.[1] === undefined ? [] : [`${module[1]}\\.main`]),
  ];
  const found = new RegExp(`^[ \\t]*@(?:${names.join('|')})[ \\t]*(\\()?`, 'm').exec(file.blank);
  if (found === null) return undefined;
  const at = found.index + found[0].indexOf('@');
  if (found[1] === undefined) return { at, isDynamic: false };
  const { positional, named } = namedArguments(
    callArguments(file.text, file.blank, found.index + found[0].length - 1) ?? [],
  );
  // The signature of hydra.main: config_path, config_name, version_base.
  const pathExpression = named.get('config_path') ?? positional[0];
  const configPath = constantText(pathExpression, file.text);
  const configName = constantText(named.get('config_name') ?? positional[1], file.text);
  return {
    at,
    ...(configPath === undefined ? {} : { configPath }),
    ...(configName === undefined ? {} : { configName: configName.replace(/\.ya?ml$/, '') }),
    isDynamic: configPath === undefined && pathExpression !== undefined && pathExpression !== 'None',
  };
}

function hydraEntry(file: SourceFile, decorator: Decorator, context: FindContext): EntryPoint {
  const { module, ...run } = pythonCommand(file, context);
  const hydra = placeOf(file, decorator, context);
  const shown = decorator.configName === undefined ? '' : `config_name="${decorator.configName}"`;
  const guessed =
    decorator.isDynamic && hydra.configDir !== undefined
      ? `; its config_path is an expression, taken to be ${path.relative(context.root, hydra.configDir)}`
      : '';
  return {
    id: `hydra:${file.relative}`,
    kind: 'hydra',
    title: module ?? file.relative,
    file: file.path,
    line: lineAt(file.text, decorator.at),
    reason: `Has @hydra.main(${shown})${guessed}.`,
    ...run,
    env: {},
    takes: 'hydra',
    role: roleOf(path.basename(file.path)),
    hydra,
    ...hydraArguments(hydra, context),
  };
}

function placeOf(file: SourceFile, { configPath, configName, isDynamic }: Decorator, context: FindContext): HydraPlace {
  const folder = path.dirname(file.path);
  const named = configName === undefined ? {} : { configName };
  if (configPath !== undefined && !configPath.includes('://'))
    return { configDir: path.resolve(folder, configPath), ...named };
  if (isDynamic) {
    const guess = guessConfigDir(folder, context.root);
    return guess === undefined ? named : { configDir: guess, ...named };
  }
  // Without config_path, Hydra up to 1.1 looks beside the program.
  return configName !== undefined && context.read(path.join(folder, `${configName}.yaml`)) !== undefined
    ? { configDir: folder, configName }
    : named;
}
