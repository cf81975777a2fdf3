import { stringify } from 'yaml';
import { flatten } from '../../domain/config.ts';
import type { EntryPoint, HydraComposition, HydraForm, HydraGroup, HydraKey } from '../../domain/entryPoint.ts';
import { parseHydraOverride } from '../../domain/hydra/parse.ts';
import type { JsonObject } from '../../domain/json.ts';
import { LocalExecutor } from '../remote/localExecutor.ts';
import { type Composed, composeConfig, missingKeys } from './composeConfig.ts';
import { ConfigCache } from './configFiles.ts';
import { HydraRunner } from './runHydra.ts';

export interface ComposeOptions {
  /** The project's own program may be started for it: only in folders that are trusted. */
  readonly mayExecute: boolean;
  readonly signal?: AbortSignal;
}

/** Forms and configurations of Hydra programs. */
export class HydraPrograms {
  readonly #cache = new ConfigCache();
  readonly #runner = new HydraRunner(new LocalExecutor());

  /** Groups and keys under the overrides, by our own composer: at once, and without starting anything. */
  form(entry: EntryPoint, words: readonly string[]): HydraForm {
    const composed = this.#composeOurselves(entry, words);
    if (composed === undefined) return { groups: [], keys: [], composition: nothingKnown(entry) };
    // Overrides that do not fit leave the form as it was before them.
    const shown =
      Object.keys(composed.config).length > 0 || words.length === 0 ? composed : this.#composeOurselves(entry, [])!;
    return { groups: groupsOf(shown), keys: keysOf(shown), composition: estimate(composed, []) };
  }

  /** The configuration that the overrides give: by the project's own Hydra where that can be asked, else our estimate with the reason. */
  async compose(entry: EntryPoint, words: readonly string[], options: ComposeOptions): Promise<HydraComposition> {
    const composed = this.#composeOurselves(entry, words);
    if (!options.mayExecute) {
      const why = 'The folder is not trusted, so its own Hydra was not asked.';
      return composed === undefined ? nothingKnown(entry, [why]) : estimate(composed, [why]);
    }
    // Words outside the grammar never reach the program: Hydra would refuse them in less clear words.
    if (composed !== undefined && withoutOptions(words).some((word) => !parseHydraOverride(word).ok))
      return estimate(composed, []);
    const job = composed?.job ?? withoutOptions(words);
    const answer = await this.#runner.ask(entry, job, composed?.files ?? [], options.signal);
    if (answer.kind === 'unavailable')
      return composed === undefined ? nothingKnown(entry, [answer.message]) : estimate(composed, [answer.message]);
    const remarks = composed?.remarks ?? [];
    if (answer.kind === 'composed')
      return {
        config: answer.config,
        yaml: answer.yaml,
        missing: missingKeys(answer.config),
        by: 'hydra',
        remarks,
        problems: [],
      };
    // Hydra has the last word; our sentence is easier to read where we saw the same.
    const problems = composed !== undefined && composed.problems.length > 0 ? composed.problems : [answer.message];
    return { ...estimate(composed ?? empty, []), by: 'hydra', remarks: [...remarks, answer.message], problems };
  }

  #composeOurselves(entry: EntryPoint, words: readonly string[]): Composed | undefined {
    const { configDir, configName } = entry.hydra ?? {};
    if (configDir === undefined || configName === undefined) return undefined;
    return composeConfig(configDir, configName, withoutOptions(words), this.#cache);
  }
}

/** Overrides alone: words of a launcher's own, such as --device, do not meet Hydra's grammar. */
function withoutOptions(words: readonly string[]): readonly string[] {
  return words.filter((word, index) => {
    const isOptionValue = /^--?\w[\w-]*$/.test(words[index - 1] ?? '') && !word.includes('=');
    return !word.startsWith('-') && !isOptionValue;
  });
}

const empty: Pick<Composed, 'config' | 'missing' | 'problems' | 'remarks'> = {
  config: {},
  missing: [],
  problems: [],
  remarks: [],
};

function estimate(
  { config, missing, problems, remarks }: Pick<Composed, 'config' | 'missing' | 'problems' | 'remarks'>,
  why: readonly string[],
): HydraComposition {
  return { config, yaml: toYaml(config), missing, by: 'estimate', remarks: [...why, ...remarks], problems };
}

function nothingKnown(entry: EntryPoint, why: readonly string[] = []): HydraComposition {
  const reason =
    entry.hydra === undefined
      ? `${entry.title} is no Hydra program.`
      : `Where ${entry.title} keeps its configuration is not known.`;
  return { config: {}, yaml: '', missing: [], by: 'estimate', remarks: [...why, reason], problems: [] };
}

function toYaml(config: JsonObject): string {
  return Object.keys(config).length === 0 ? '' : stringify(config, { lineWidth: 0 });
}

function groupsOf(composed: Composed): readonly HydraGroup[] {
  const known = new Map<string, readonly string[]>(
    composed.source.groups().map((name) => [name, composed.source.options(name)]),
  );
  for (const key of composed.choices.keys())
    if (!known.has(key)) known.set(key, composed.source.options(key.split('@')[0]!));
  return [...known]
    .filter(([, options]) => options.length > 0)
    .map(([name, options]) => {
      const chosen = composed.choices.get(name);
      return { name, options, ...(chosen === undefined || chosen === null ? {} : { chosen }) };
    });
}

function keysOf(composed: Composed): readonly HydraKey[] {
  return flatten(composed.config).map(([key, value]) => {
    const comment = composed.comments.get(key);
    return { key, value, missing: value === '???', ...(comment === undefined ? {} : { comment }) };
  });
}
