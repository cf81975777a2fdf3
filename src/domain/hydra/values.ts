/**
 * What an override of Hydra's command line says, as data. The meaning follows Hydra 1.3's override grammar
 * (hydra/grammar/OverrideLexer.g4, OverrideParser.g4) and its functions (hydra/_internal/grammar/grammar_functions.py).
 */

/** A value without parts. `quoted` keeps its quotes, because Hydra treats quoted text as text whatever it looks like. */
export type HydraScalar =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'integer'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'quoted'; readonly value: string; readonly quote: Quote };

export type Quote = '"' | "'";

/** What a key can be set to. */
export type HydraElement =
  | HydraScalar
  | { readonly kind: 'list'; readonly items: readonly HydraElement[] }
  | { readonly kind: 'dict'; readonly entries: readonly HydraEntry[] };

export type HydraEntry = readonly [key: HydraScalar, value: HydraElement];

/** Values that are tried one after the other, each in a job of its own. */
export type HydraSweep =
  | {
      readonly kind: 'choice';
      readonly values: readonly HydraElement[];
      /** Written `a,b` and not `choice(a,b)`. */
      readonly isSimple: boolean;
      readonly shuffle: boolean;
      readonly tags: readonly string[];
    }
  | {
      readonly kind: 'range';
      readonly start: HydraNumber;
      readonly stop: HydraNumber;
      readonly step: HydraNumber;
      readonly shuffle: boolean;
      readonly tags: readonly string[];
    }
  | {
      /** A continuous interval, for sweepers that search. Ends are integers only after `int(interval(…))`. */
      readonly kind: 'interval';
      readonly start: HydraNumber;
      readonly end: HydraNumber;
      readonly tags: readonly string[];
    }
  | {
      /** Options of a group by their names. */
      readonly kind: 'glob';
      readonly include: readonly string[];
      readonly exclude: readonly string[];
    };

export type HydraNumber = Extract<HydraScalar, { kind: 'integer' | 'float' }>;
export type HydraValue = HydraElement | HydraSweep;

/** `change` is key=, `add` +key=, `force` ++key=, `delete` ~key. */
export type OverrideKind = 'change' | 'add' | 'force' | 'delete';

/** One override: `model@net=unet` has the key "model" and the package "net". */
export interface HydraOverride {
  readonly kind: OverrideKind;
  /** A dotted key or a group: "optimizer.lr", "hydra/launcher". */
  readonly key: string;
  readonly package?: string;
  /** Absent only for `~key`. */
  readonly value?: HydraValue;
}

/** A place in an override where it stops making sense. */
export interface OverrideProblem {
  /** Index of the first character that does not fit, from 0; the length of the text where something is missing at its end. */
  readonly at: number;
  /** A sentence that says what to write instead. */
  readonly message: string;
}

export const overrideSigns = {
  change: '',
  add: '+',
  force: '++',
  delete: '~',
} as const satisfies { [K in OverrideKind]: string };

const sweepKinds: ReadonlySet<string> = new Set(['choice', 'range', 'interval', 'glob']);

/** Whether the value stands for several jobs. */
export function isSweep(value: HydraValue): value is HydraSweep {
  return sweepKinds.has(value.kind);
}
