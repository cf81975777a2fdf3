/** A filter that a person typed. */
export interface TextFilter {
  test(text: string): boolean;
  /** Why the text is no regular expression; undefined when it is one. */
  readonly problem: string | undefined;
}

const everything: TextFilter = { test: () => true, problem: undefined };

/** Reads a regular expression, without regard to case. An invalid one hides nothing and says what is wrong; half-typed ones are normal. */
export function parseFilter(text: string): TextFilter {
  if (text.trim() === '') return everything;
  try {
    const pattern = new RegExp(text.trim(), 'iu');
    return { test: (name) => pattern.test(name), problem: undefined };
  } catch (error) {
    return { ...everything, problem: reasonOf(error) };
  }
}

/** "Invalid regular expression: /(/iu: Unterminated group" → "Unterminated group". */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const reason = message.slice(message.lastIndexOf(': ') + 2);
  return `Not a regular expression: ${reason}`;
}
