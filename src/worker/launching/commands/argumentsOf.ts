import { isProblem, parseOverride } from '../../../domain/config.ts';
import type { EntryPoint } from '../../../domain/entryPoint.ts';
import type { Json, JsonObject } from '../../../domain/json.ts';

/** What is added behind an entry point's command. */
export interface AddedArguments {
  readonly request: { readonly arguments: readonly string[]; readonly checkpoint?: string };
  readonly entry: Pick<EntryPoint, 'nameArgument' | 'resume'> | undefined;
  readonly name: string;
}

/** The arguments behind the entry point's command: those that were typed, the run's name where it was not among them, and those for going on from a checkpoint. */
export function addedArguments({ request, entry, name }: AddedArguments): readonly string[] {
  const resume =
    request.checkpoint === undefined ? [] : filled(entry?.resume ?? [], '{checkpoint}', request.checkpoint);
  // An earlier checkpoint among the typed ones would contradict the one that is asked for.
  const typed = resume.length === 0 ? request.arguments : withoutSame(request.arguments, resume);
  const isNamed = entry?.nameArgument === undefined || nameAmong(typed, entry.nameArgument) !== undefined;
  const named = isNamed ? [] : filled(words(entry.nameArgument!), '{name}', name);
  return [...typed, ...named, ...resume];
}

/** The name that was typed as an argument: "run_name=a", "--run-name=a" or "--run-name a". */
export function nameAmong(args: readonly string[], nameArgument: string): string | undefined {
  const [first = '', second] = words(nameArgument);
  if (second === '{name}') {
    const at = args.lastIndexOf(first);
    return at < 0 ? undefined : args[at + 1];
  }
  const key = first.slice(0, first.indexOf('{name}'));
  if (key === '') return undefined;
  // Hydra's "+" and "++" before a key change how it is set, not what it means.
  const given = args.map(bare).findLast((argument) => argument.startsWith(bare(key)));
  return given?.slice(bare(key).length);
}

/** The arguments without the one that names the run. */
export function withoutName(args: readonly string[], nameArgument: string | undefined): readonly string[] {
  if (nameArgument === undefined) return args;
  const [first = '', second] = words(nameArgument);
  if (second !== '{name}') {
    const key = bare(first.slice(0, first.indexOf('{name}')));
    return key === '' ? args : args.filter((argument) => !bare(argument).startsWith(key));
  }
  const at = args.lastIndexOf(first);
  return at < 0 ? args : args.filter((_, index) => index !== at && index !== at + 1);
}

/** What the arguments of a program without a configuration say: "--lr 0.1", "--lr=0.1", "lr=0.1", "--fast". */
export function configOfArguments(args: readonly string[]): JsonObject {
  const config: Record<string, Json> = {};
  for (let at = 0; at < args.length; at++) {
    const argument = args[at]!;
    const option = /^--?([A-Za-z][\w.-]*)$/.exec(argument)?.[1];
    const next = args[at + 1];
    if (option !== undefined && next !== undefined && !/^--?[A-Za-z]/.test(next) && !/^\w[\w.]*=/.test(next)) {
      config[option] = parsedValue(next);
      at++;
    } else if (option !== undefined) config[option] = true;
    else {
      const pair = /^[-+~]*([A-Za-z_][\w./@-]*)=(.*)$/s.exec(argument);
      if (pair !== null) config[pair[1]!] = parsedValue(pair[2]!);
    }
  }
  return config;
}

function parsedValue(text: string): Json {
  const parsed = parseOverride(`value=${text}`);
  return isProblem(parsed) ? text : parsed.value;
}

/** A template's words: it may stand for two arguments. The run's name and a path are put in afterwards, so that blanks in them are no borders. */
function words(template: string): readonly string[] {
  return template.split(' ').filter((word) => word !== '');
}

function filled(templates: readonly string[], place: string, value: string): readonly string[] {
  // A function, because "$&" in a path would mean something in a replacement text.
  return templates.map((template) => template.replace(place, () => value));
}

function withoutSame(args: readonly string[], others: readonly string[]): readonly string[] {
  const keys = others.flatMap((other) => /^([^=]+)=/s.exec(bare(other))?.[1] ?? []);
  return args.filter((argument) => !keys.some((key) => bare(argument).startsWith(`${key}=`)));
}

function bare(argument: string): string {
  return argument.replace(/^\++/, '');
}
