import { appendFileSync, closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { writeFileSynced } from '../files.ts';

/** Makes the file hold the text that a logs command prints: what is new is appended, and only a text that begins otherwise replaces the file. */
export function mirrorLog(file: string, text: string): void {
  const bytes = Buffer.from(text);
  const known = contentOf(file, bytes.length);
  if (known === undefined || known.length > bytes.length || !bytes.subarray(0, known.length).equals(known))
    writeFileSynced(file, bytes);
  else if (known.length < bytes.length) appendFileSync(file, bytes.subarray(known.length));
}

/** The file's bytes; undefined where there is none or it is longer than the text. */
function contentOf(file: string, longest: number): Buffer | undefined {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const { size } = fstatSync(descriptor);
      if (size > longest) return undefined;
      const content = Buffer.alloc(size);
      return content.subarray(0, readSync(descriptor, content, 0, size, 0));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}
