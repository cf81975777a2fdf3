/** Why a run cannot have this name, or undefined. Names become directories, so they stay within what every file system takes. */
export function nameProblem(name: string, taken: ReadonlySet<string>): string | undefined {
  if (name === '') return 'Give the run a name.';
  if (!/^[A-Za-z0-9]/.test(name)) return 'Begin with a letter or a digit.';
  if (!/^[\w.-]+$/.test(name)) return 'Use letters, digits, dot, dash and underscore only.';
  if (name.length > 100) return 'Use at most 100 characters.';
  if (name.endsWith('.')) return 'Do not end with a dot.';
  if (taken.has(name)) return `There is a run ${name} already.`;
  return undefined;
}

/** A name that is free: "meanflow-1", or the one after the given: "mnist-3" after "mnist-2". */
export function suggestName(base: string, taken: ReadonlySet<string>): string {
  const match = /^(.*?)-(\d{1,6})$/.exec(base);
  const stem = match?.[1] ?? base;
  let number = match === null ? 1 : Number(match[2]) + 1;
  while (taken.has(`${stem}-${number}`)) number += 1;
  return `${stem}-${number}`;
}
