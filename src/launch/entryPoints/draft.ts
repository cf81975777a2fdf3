import type { EntryPoint, PythonEnvironment } from '../../domain/entryPoint.ts';
import type { Variables } from '../environments/programs.ts';
import type { WalkedFile } from './walk.ts';

/** A file with its text, as a finder gets it. */
export interface SourceFile extends WalkedFile {
  readonly text: string;
  /** For Python files: the text without comments and the insides of strings. */
  readonly blank: string;
}

/** What finders may ask about the folder around a file. */
export interface FindContext {
  /** Absolute path of the folder that is searched. */
  readonly root: string;
  readonly env: Variables;
  /** The Python of files in a folder. */
  pythonFor(folder: string): PythonEnvironment;
  /** Text of another file of the folder, or undefined; bounded. */
  read(file: string): string | undefined;
}

/** Looks into one file. Everything that it gives is an entry point; it never throws for the content of a file. */
export interface Finder {
  readonly accepts: (name: string) => boolean;
  readonly find: (file: SourceFile, context: FindContext) => readonly EntryPoint[];
}
