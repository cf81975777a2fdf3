/** Letters that mean themselves in every shell of the Bourne family, in a word that does not start with `=` (zsh would look up a program). */
const plain = /^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/;

/**
 * A command line for a POSIX shell that gives exactly these arguments. For the one place where a shell cannot be avoided (sshd hands its command
 * string to the login shell) and for lines that a person copies. Throws on NUL, which no argument can hold.
 * Rules: POSIX.1-2017, Shell Command Language, 2.2.2 Single-Quotes.
 */
export function quoteCommand(command: readonly string[]): string {
  // A first word with `=` would be an assignment.
  return command.map((word, index) => (index === 0 && word.includes('=') ? quoted(word) : quoteWord(word))).join(' ');
}

/** One word for a POSIX shell that stands for exactly this text. */
export function quoteWord(text: string): string {
  return plain.test(text) ? text : quoted(text);
}

function quoted(text: string): string {
  if (text.includes('\0')) throw new RangeError('An argument cannot hold a NUL character.');
  return `'${text.replaceAll("'", "'\\''")}'`;
}
