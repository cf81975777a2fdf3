import { type ArrayPlan, ArrayReader } from './arrays/arrayReader.ts';
import type { ExampleReader } from './exampleReader.ts';
import { type ImagePlan, ImageReader } from './images/imageReader.ts';
import { type TokenPlan, TokenReader } from './tokens/tokenReader.ts';

/** All that another thread needs to read the examples of a data set. It can be sent to it. */
export type ReaderPlan = ImagePlan | TokenPlan | ArrayPlan;

/** A reader of its own, with its own open files. */
export function makeReader(plan: ReaderPlan): ExampleReader {
  return (makers[plan.kind] as (plan: ReaderPlan) => ExampleReader)(plan);
}

const makers: { readonly [K in ReaderPlan['kind']]: (plan: Extract<ReaderPlan, { kind: K }>) => ExampleReader } = {
  images: (plan) => new ImageReader(plan),
  tokens: (plan) => new TokenReader(plan),
  arrays: (plan) => new ArrayReader(plan),
};
