import path from 'node:path';
import type { EntryOption, EntryPoint } from '../../../domain/entryPoint.ts';
import type { Finder, SourceFile } from '../draft.ts';
import { pythonCommand } from '../pythonCommand.ts';
import { callArguments, lineAt, namedArguments, stringLiteral } from '../pythonText.ts';
import { roleOf } from '../role.ts';

const trainingLibraries =
  /^[ \t]*(?:import|from)[ \t]+(torch|tensorflow|jax|flax|keras|lightning|pytorch_lightning|transformers|accelerate|deepspeed|sklearn|xgboost|lightgbm|mlx|tinygrad|trl|peft|diffusers)\b/m;
const argumentLibraries =
  /\b(argparse|click|typer|tyro|fire|docopt|absl|simple_parsing|HfArgumentParser|sys\.argv|jsonargparse|LightningCLI)\b/;

/** Programs that are started as files or with -m: they have a `__main__` guard, and a telling name or a library of the trade. */
export const scriptFinder: Finder = {
  accepts: (name) => name.endsWith('.py') && !/^(test_.*|.*_test|conftest|setup)\.py$/.test(name),
  find: (file, context) => {
    if (/@[\w.]*\bmain[ \t]*\(/.test(file.blank) && /\bhydra\b/.test(file.blank)) return [];
    const guard = mainGuard(file);
    if (guard === undefined) return [];
    const library = trainingLibraries.exec(file.blank)?.[1];
    const name =
      path.basename(file.path) === '__main__.py' ? path.basename(path.dirname(file.path)) : path.basename(file.path);
    const role = roleOf(name);
    if (library === undefined && role === 'other') return [];
    const { module, ...run } = pythonCommand(file, context);
    const options = argparseOptions(file);
    const takes = argumentLibraries.test(file.blank) ? 'arguments' : 'nothing';
    return [
      {
        id: `${module === undefined ? 'script' : 'module'}:${file.relative}`,
        kind: module === undefined ? 'script' : 'module',
        title: module ?? file.relative,
        file: file.path,
        line: lineAt(file.text, guard),
        reason: reasonOf(path.basename(file.path), library, role, takes),
        ...run,
        env: {},
        takes,
        role,
        ...(options.length === 0 ? {} : { options }),
        ...argumentsByOptions(options),
      },
    ];
  },
};

/** Options by which programs go on from a checkpoint and learn their run's name: the first that is there. */
const resumeOptions = [
  '--resume',
  '--resume-from',
  '--resume_from',
  '--resume-from-checkpoint',
  '--resume_from_checkpoint',
  '--ckpt-path',
  '--ckpt_path',
  '--ckpt',
  '--checkpoint',
  '--checkpoint-path',
  '--checkpoint_path',
  '--restore',
];
const nameOptions = [
  '--run-name',
  '--run_name',
  '--experiment-name',
  '--experiment_name',
  '--exp-name',
  '--exp_name',
  '--name',
];

/** What an entry point with these options can be told about a checkpoint and a name. */
export function argumentsByOptions(options: readonly EntryOption[]): Pick<EntryPoint, 'resume' | 'nameArgument'> {
  const find = (names: readonly string[]): EntryOption | undefined =>
    names.map((name) => options.find((option) => option.name === name)).find((option) => option !== undefined);
  const resume = find(resumeOptions);
  const name = find(nameOptions);
  return {
    ...(resume === undefined
      ? {}
      : { resume: resume.value === undefined ? [resume.name] : [resume.name, '{checkpoint}'] }),
    ...(name?.value === undefined ? {} : { nameArgument: `${name.name}={name}` }),
  };
}

function mainGuard(file: SourceFile): number | undefined {
  if (path.basename(file.path) === '__main__.py') return 0;
  // The blanked text keeps the quotes, and what is between them is blank.
  const match = /^if[ \t]+__name__[ \t]*==[ \t]*(["']) +\1/m.exec(file.blank);
  return match === null ? undefined : match.index;
}

function reasonOf(name: string, library: string | undefined, role: EntryPoint['role'], takes: string): string {
  const because = [
    ...(role === 'other' ? [] : [`is named ${name}`]),
    ...(library === undefined ? [] : [`imports ${library}`]),
    ...(takes === 'arguments' ? ['takes arguments'] : []),
  ];
  return `Can be run (__main__), ${because.join(', ')}.`;
}

function argparseOptions(file: SourceFile): readonly EntryOption[] {
  const options: EntryOption[] = [];
  for (const match of file.blank.matchAll(/\.add_argument[ \t]*\(/g)) {
    const parts = callArguments(file.text, file.blank, match.index + match[0].length - 1);
    if (parts === undefined) continue;
    const { positional, named } = namedArguments(parts);
    const name = positional.map(stringLiteral).find((flag) => flag?.startsWith('--'));
    if (name === undefined) continue;
    const action = stringLiteral(named.get('action')) ?? '';
    const isFlag =
      /^store_(true|false|const)$|^count$|^version$/.test(action) ||
      /BooleanOptionalAction/.test(named.get('action') ?? '');
    const description = stringLiteral(named.get('help'));
    const choices = [...(named.get('choices')?.matchAll(/["']([^"']*)["']/g) ?? [])].map((choice) => choice[1]!);
    options.push({
      name,
      ...(isFlag
        ? {}
        : {
            value:
              choices.length > 0
                ? choices.join('|')
                : (stringLiteral(named.get('metavar')) ?? name.replace(/^-+/, '').replaceAll('-', '_').toUpperCase()),
          }),
      ...(description === undefined ? {} : { description }),
      ...(named.get('required') === 'True' ? { required: true } : {}),
    });
  }
  return options;
}
