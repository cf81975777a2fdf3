import type { RunSummary } from '../../domain/run.ts';

/** Fields that a word of the filter may name: `status:failed`. */
const fields: { readonly [name: string]: (run: RunSummary) => string } = {
  status: (run) => run.status,
  recipe: (run) => run.recipe ?? '',
  label: (run) => run.labels.join('\n'),
  source: (run) => [run.source, ...(run.alsoLoggedTo ?? [])].join('\n'),
  project: (run) => run.project ?? '',
  group: (run) => run.group ?? '',
  device: (run) => run.device ?? '',
  arch: (run) => run.architecture ?? '',
  name: (run) => run.name,
};

/** Names that may stand before a colon in the filter. */
export const filterFields = Object.keys(fields);

/**
 * The test that a filter text stands for. Words are joined by "and", a leading minus negates; a word matches within any field (name, labels, recipe, status,
 * source, project…), and `field:word` within that field alone. Upper and lower case are the same.
 */
export function runFilter(text: string): (run: RunSummary) => boolean {
  const tests = text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '' && word !== '-')
    .map(wordTest);
  return (run) => tests.every((test) => test(run));
}

function wordTest(word: string): (run: RunSummary) => boolean {
  const negated = word.startsWith('-');
  const plain = negated ? word.slice(1) : word;
  const colon = plain.indexOf(':');
  const field = colon > 0 && Object.hasOwn(fields, plain.slice(0, colon)) ? fields[plain.slice(0, colon)]! : everything;
  const wanted = field === everything ? plain : plain.slice(colon + 1);
  return (run) => field(run).toLowerCase().includes(wanted) !== negated;
}

function everything(run: RunSummary): string {
  return Object.values(fields)
    .map((field) => field(run))
    .join('\n');
}
