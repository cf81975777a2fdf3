import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { HydraPlace } from '../../domain/entryPoint.ts';
import type { FindContext } from './draft.ts';

/** How a run goes on, by keys that projects use for it: the first that the configuration has. */
const resumeKeys = [
  ['ckpt_path', 'ckpt_path={checkpoint}'],
  ['resume_from_checkpoint', 'resume_from_checkpoint={checkpoint}'],
  ['resume_from', 'resume_from={checkpoint}'],
  ['resume_path', 'resume_path={checkpoint}'],
  ['resume_checkpoint', 'resume_checkpoint={checkpoint}'],
  ['checkpoint_path', 'checkpoint_path={checkpoint}'],
  ['checkpoint', 'checkpoint={checkpoint}'],
] as const;
const nameKeys = ['run_name', 'experiment_name', 'exp_name'] as const;

/** Arguments for a checkpoint and for the run's name that a Hydra program has by the keys at the top of its configuration. */
export function hydraArguments(
  place: HydraPlace,
  context: FindContext,
): { readonly resume?: readonly string[]; readonly nameArgument?: string } {
  const text = primaryConfig(place, context);
  if (text === undefined) return {};
  const textOf = (key: string): string | undefined => new RegExp(`^${key}[ \\t]*:(.*)$`, 'm').exec(text)?.[1]?.trim();
  const name = nameKeys.find((key) => textOf(key) !== undefined);
  const nameArgument = name === undefined ? {} : { nameArgument: `${name}={name}` };
  const byPath = resumeKeys.find(([key]) => textOf(key) !== undefined);
  if (byPath !== undefined) return { resume: [byPath[1]], ...nameArgument };
  const resume = textOf('resume')
    ?.replace(/\s*#.*$/, '')
    .toLowerCase();
  if (resume === undefined) return nameArgument;
  const isFlag = /^(true|false|yes|no|on|off)$/.test(resume);
  return { resume: [isFlag ? 'resume=true' : 'resume={checkpoint}'], ...nameArgument };
}

/** The text of the configuration that a Hydra program starts from. */
export function primaryConfig({ configDir, configName }: HydraPlace, context: FindContext): string | undefined {
  if (configDir === undefined || configName === undefined) return undefined;
  return context.read(path.join(configDir, `${configName}.yaml`));
}

/** The folder of configurations beside a program that does not say it in a way that can be read. */
export function guessConfigDir(folder: string, root: string): string | undefined {
  for (const place of [folder, path.dirname(folder)]) {
    if (place !== root && !place.startsWith(root + path.sep)) continue;
    for (const name of ['configs', 'conf', 'config']) {
      const guess = path.join(place, name);
      if (hasYaml(guess)) return guess;
    }
  }
  return undefined;
}

function hasYaml(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => name.endsWith('.yaml'));
  } catch {
    return false;
  }
}
