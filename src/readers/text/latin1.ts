/** The text of bytes [start, end), a character for each: what JSON and numbers are made of, and dates. For short texts. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at]!);
  return text;
}
