import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { type VariantFacts, type VariantSource, variantPlace } from '../../../recipes/data.ts';
import type { DataSetRequest } from '../../../recipes/recipe.ts';
import type { DataSet } from '../dataSet.ts';
import type { ExampleArrays } from '../exampleReader.ts';
import { badData } from '../files/badData.ts';
import { findFiles } from '../files/findFiles.ts';
import { OpenFiles } from '../files/openFiles.ts';
import { dnaEndings, openDna } from '../tokens/dnaFiles.ts';
import { type SequencePlan, sequenceReader } from '../tokens/sequences.ts';
import { dnaTokens, dnaVocabulary } from '../tokens/vocabularies.ts';
import { parseVariants, type Variant } from './variantFile.ts';

/** Larger tables are taken for something else. */
const mostBytes = 1 << 30;

/**
 * Opens a table of variants with windows of the genome round them. Throws AppError 'bad-data' with the line of a variant that the genome does not have:
 * a contig of another name, or another base in its place, which tells of another version of the genome.
 */
export async function openVariantSet(
  request: DataSetRequest & { readonly source: VariantSource },
): Promise<DataSet | undefined> {
  const { path: file, source } = request;
  const text = readTable(file);
  const variants = parseVariants(text, file);
  if (variants.length === 0) throw badData('The table of variants has no rows.', { file });
  const files = new OpenFiles();
  try {
    const genome = { ...request, name: 'train', path: source.genome, required: true } as const;
    const found = new Set(
      (['train', 'test'] as const).flatMap(
        (split) => findFiles({ ...genome, split }, dnaEndings, 'FASTA or 2bit files')!.files,
      ),
    );
    const { sequences, sha256 } = await openDna({ files: [...found], isNamed: false }, files);
    const hash = createHash('sha256').update(sha256).update(text).digest('hex');
    const set = new VariantSet(request, variants, { sequences, files }, hash);
    set.check();
    return set;
  } catch (error) {
    files.dispose();
    throw error;
  }
}

interface Genome {
  readonly sequences: readonly SequencePlan[];
  readonly files: OpenFiles;
}

class VariantSet implements DataSet {
  readonly name: DataSet['name'];
  readonly path: string;
  readonly facts: VariantFacts;
  readonly sha256: string;
  readonly #variants: readonly Variant[];
  readonly #genome: Genome;
  readonly #byName: ReadonlyMap<string, SequencePlan>;

  constructor(
    { name, path: file, source }: DataSetRequest & { readonly source: VariantSource },
    variants: readonly Variant[],
    genome: Genome,
    sha256: string,
  ) {
    this.name = name;
    this.path = file;
    this.sha256 = sha256;
    this.facts = {
      kind: 'variants',
      examples: variants.length,
      window: source.window,
      vocabulary: dnaVocabulary,
      classes: 2,
    };
    this.#variants = variants;
    this.#genome = genome;
    this.#byName = new Map(genome.sequences.map((plan) => [plan.name, plan]));
  }

  /** Throws for the first variant that does not stand in the genome. */
  check(): void {
    const one = { tokens: new Int32Array(1), weights: new Float32Array(1) };
    for (const variant of this.#variants) {
      const plan = this.#contigOf(variant);
      if (variant.position >= plan.length) throw this.#absent(variant, `${variant.contig} has ${plan.length} bases`);
      sequenceReader(plan, this.#genome.files, 1)(variant.position, 1, one.tokens, one.weights, 0);
      if (one.tokens[0] === tokenOf(variant.reference)) continue;
      throw this.#absent(variant, `the genome has "${'-_NACGT'[one.tokens[0]!]}" there, not "${variant.reference}"`);
    }
  }

  gather(indices: ArrayLike<number>): ExampleArrays {
    const { window, examples } = this.facts;
    const tokens = new Int32Array(indices.length * window).fill(dnaVocabulary.pad);
    const weights = new Float32Array(indices.length * window);
    const chosen = Array.from(indices, (index) => this.#variants[index % examples]!);
    for (const [i, variant] of chosen.entries()) {
      const plan = this.#contigOf(variant);
      const begin = variant.position - variantPlace(window);
      const from = Math.max(0, begin);
      const length = Math.min(plan.length, begin + window) - from;
      sequenceReader(plan, this.#genome.files, 1)(from, length, tokens, weights, i * window + from - begin);
    }
    const numbers = (of: (variant: Variant) => number) => BigInt64Array.from(chosen, (each) => BigInt(of(each)));
    return {
      tokens,
      references: numbers(({ reference }) => tokenOf(reference)),
      alternatives: numbers(({ alternative }) => tokenOf(alternative)),
      labels: numbers(({ label }) => label),
    };
  }

  dispose(): void {
    this.#genome.files.dispose();
  }

  #contigOf(variant: Variant): SequencePlan {
    const plan = this.#byName.get(variant.contig);
    if (plan !== undefined) return plan;
    const some = [...this.#byName.keys()].slice(0, 5).join(', ');
    throw this.#absent(variant, `the genome has no contig "${variant.contig}", but ${some}`);
  }

  #absent({ line }: Variant, why: string): Error {
    return badData(`Line ${line} of the variants does not fit the genome: ${why}.`, {
      file: this.path,
      hint: 'Take the version of the genome that the table was made for, and names of contigs as the genome has them.',
    });
  }
}

function tokenOf(base: string): number {
  return dnaTokens[base.charCodeAt(0)]!;
}

function readTable(file: string): string {
  const facts = statSync(file, { throwIfNoEntry: false });
  if (facts?.isFile() !== true || facts.size > mostBytes) {
    const why = facts === undefined ? 'does not exist' : 'is no table';
    throw badData(`The file of the variants ${why}: ${path.resolve(file)}`, {
      hint: 'Set variants to a table with tabs, or leave it empty.',
    });
  }
  return readFileSync(file, 'utf8');
}
