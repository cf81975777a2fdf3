import { type CheckpointDetails, checkpointKinds } from './checkpoint.ts';

/** How a place of a program writes numbers. */
export interface FactForms {
  readonly size: (bytes: number) => string;
  readonly time: (seconds: number) => string;
  readonly value: (value: number) => string;
}

/** What is known of a checkpoint as pairs for people, in the order in which it is read; what it does not say is left out. Configuration and tensors stand by themselves. */
export function checkpointFacts(details: CheckpointDetails, forms: FactForms): readonly (readonly [string, string])[] {
  const { kind, sizeBytes, files, modifiedAt, step, epoch, metrics, parameters, sections, versions, about } = details;
  const counted = sections.map(({ name, tensors, elements }) => `${name} ${tensors} (${whole(elements)})`);
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['kind', checkpointKinds[kind]],
    ['size', `${forms.size(sizeBytes)}${files.length > 1 ? ` in ${files.length} files` : ''}`],
    ['written', forms.time(modifiedAt)],
    ['step', step === undefined ? undefined : String(step)],
    ['epoch', epoch === undefined ? undefined : String(epoch)],
    ...Object.entries(metrics).map(([name, value]): [string, string] => [name, forms.value(value)]),
    ['parameters', parameters === 0 ? undefined : whole(parameters)],
    ['tensors', counted.join(', ')],
    ...Object.entries(versions),
    ...Object.entries(about),
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined && fact[1] !== '');
}

/** "4 × 3", "scalar". */
export function shapeText(shape: readonly number[]): string {
  return shape.length === 0 ? 'scalar' : shape.join(' × ');
}

function whole(number: number): string {
  return number.toLocaleString('en');
}
