/** Longest name that every file system takes, with room for suffixes. */
const maxLength = 120;

/** Why a text cannot be the name of a run, which is also the name of its folder; undefined where it can. */
export function runNameProblem(name: string): string | undefined {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
    return `"${name}" is no run name. Use letters, digits, dots, dashes and underscores, and begin with a letter or digit.`;
  }
  if (name.length > maxLength) return `The run name has ${name.length} characters; at most ${maxLength} are allowed.`;
  if (name.endsWith('.')) return `"${name}" ends with a dot, which some systems drop.`;
  return undefined;
}

/** A name for a run that was given none: recipe and local time. */
export function defaultRunName(recipe: string, now: Date = new Date()): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  return `${recipe}-${day}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
}

/** The name with the next number behind it: `a` → `a-2` → `a-3`. */
export function nextRunName(name: string): string {
  const numbered = /^(.*)-(\d{1,6})$/.exec(name);
  return numbered === null ? `${name}-2` : `${numbered[1]}-${Number(numbered[2]) + 1}`;
}
