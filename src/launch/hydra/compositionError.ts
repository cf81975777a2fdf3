/** Ends a composition with a sentence; never leaves `composeConfig`. */
export class CompositionError extends Error {
  override readonly name = 'CompositionError';
}
