/** File endings by the language that the worker names, so that the editor colours the text. */
const endings: { readonly [language: string]: string } = {
  yaml: 'yaml',
  json: 'json',
  diff: 'patch',
  patch: 'patch',
  plaintext: 'txt',
  'pip-requirements': 'requirements.txt',
};

/** The name of a read-only document: two runs of the same name must not share one. */
export function compareFileName(run: string, what: string, language: string, side: number): string {
  return `${run} ${what}${side === 0 ? '' : ' '}.${endings[language] ?? 'txt'}`.replaceAll('/', '∕');
}

export function compareTitle(left: string, right: string, what: string): string {
  return `${left} ↔ ${right} (${what})`.replaceAll('/', '∕');
}

/** A patch with sentences before it; tools that read patches skip them. */
export function withRemarks(patch: string, remarks: readonly string[]): string {
  return [...remarks.map((remark) => `# ${remark}`), patch].join('\n');
}
