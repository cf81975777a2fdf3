import type { ParameterSpec } from '../../nn/scope.ts';
import type { OptimizerSettings } from '../../recipes/recipe.ts';

/** How the parameters of a run are shared among rules and decays. */
export interface UpdateGroups {
  /** Settings by number of the group; of the first one there may be no parameters. */
  readonly settings: readonly OptimizerSettings[];
  /** The group of each parameter, by its name, and whether it decays at all. */
  readonly of: ReadonlyMap<string, { readonly group: number; readonly decays: boolean }>;
}

/**
 * Each parameter goes to the rule that is meant for it: with Muon, hidden matrices to Muon and all others to AdamW. Its decay is that of the first pattern
 * that its name fits, else the run's own where the layer wants decay.
 */
export function groupsOf(settings: OptimizerSettings, specs: readonly ParameterSpec[]): UpdateGroups {
  const made: OptimizerSettings[] = [{ ...settings, kind: settings.kind === 'muon' ? 'adamw' : settings.kind }];
  const keys = new Map([[keyOf(made[0]!), 0]]);
  const numberOf = (wanted: OptimizerSettings) => {
    const known = keys.get(keyOf(wanted));
    if (known !== undefined) return known;
    keys.set(keyOf(wanted), made.length);
    return made.push(wanted) - 1;
  };
  const of = new Map(
    specs.map((spec) => {
      const decay = settings.decayGroups?.find(({ pattern }) => matchesName(pattern, spec.name))?.weightDecay;
      const rule = ruleSettings(settings, made[0]!, spec);
      const group = numberOf(decay === undefined ? rule : { ...rule, weightDecay: decay });
      return [spec.name, { group, decays: decay === undefined ? spec.decay : decay !== 0 }] as const;
    }),
  );
  return { settings: made, of };
}

/** Whether a name fits a pattern, in which `*` stands for any text, also with slashes, and all else for itself. */
export function matchesName(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

function ruleSettings(settings: OptimizerSettings, base: OptimizerSettings, spec: ParameterSpec): OptimizerSettings {
  const { muon } = settings;
  if (settings.kind !== 'muon' || muon === undefined || !isHiddenMatrix(spec, muon.except)) return base;
  return { ...settings, learningRate: muon.learningRate, beta1: muon.momentum };
}

/** Embeddings and gains do not decay, which tells them from the matrices of hidden layers; first and last layers are named. */
function isHiddenMatrix({ name, shape, decay }: ParameterSpec, except: readonly string[]): boolean {
  return decay && shape.length >= 2 && !except.some((pattern) => matchesName(pattern, name));
}

function keyOf({ kind, weightDecay }: OptimizerSettings): string {
  return `${kind} ${weightDecay}`;
}
