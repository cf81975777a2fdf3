import { closeSync, openSync, writeSync } from 'node:fs';

/** How the records of a log are written: a table of CSVLogger, dense or with empty cells as Lightning leaves them, or an object a line. */
export type TextForm = 'dense' | 'ragged' | 'jsonl';

const tags = [
  'train/loss',
  'train/acc',
  'val/loss',
  'val/acc',
  'lr',
  'grad_norm',
  'loss_cls',
  'loss_box',
  'gpu/mem',
  'throughput',
];

/** Writes a log of about this size, the same for every call; gives back its real size and how many values it holds. Half of the values are float32 as Python prints them. */
export function writeTextLog(
  file: string,
  form: TextForm,
  size: number,
): { readonly bytes: number; readonly scalars: number } {
  const handle = openSync(file, 'w');
  let seed = 12345;
  const random = (): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed / 2 ** 32;
  };
  const valueAt = (step: number, index: number): number => {
    const value = Math.exp(-step / 5e4) + random() * 0.1;
    return index % 2 === 0 ? Math.fround(value) : value;
  };
  let bytes = form === 'jsonl' ? 0 : writeSync(handle, `epoch,step,${tags.join(',')}\n`);
  let scalars = 0;
  for (let step = 0; bytes < size; ) {
    const lines: string[] = [];
    for (let row = 0; row < 2000; row++, step++) {
      // A training step logs all but the figures of the validation; every tenth row holds only those.
      const isValidation = form === 'ragged' && step % 10 === 9;
      const values = tags.map((tag, index) => {
        const isEmpty = form === 'ragged' && tag.startsWith('val/') !== isValidation;
        return isEmpty ? undefined : valueAt(step, index);
      });
      scalars += 1 + values.filter((value) => value !== undefined).length;
      lines.push(lineOf(form, step, values));
    }
    bytes += writeSync(handle, lines.join(''));
  }
  closeSync(handle);
  return { bytes, scalars };
}

function lineOf(form: TextForm, step: number, values: readonly (number | undefined)[]): string {
  const epoch = Math.floor(step / 1000);
  if (form !== 'jsonl') return `${epoch},${step},${values.map((value) => value ?? '').join(',')}\n`;
  const figures = values.map((value, index) => `"${tags[index]}": ${value}`);
  return `{"epoch": ${epoch}, "step": ${step}, ${figures.join(', ')}}\n`;
}
