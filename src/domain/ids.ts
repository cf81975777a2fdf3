/** Strings that must not be mixed up. They are plain strings at run time. */
type Brand<T, Name extends string> = T & { readonly __brand: Name };

/** Identity of a run: a ULID for runs that Trainyard launched, `f` and 24 hex digits of a hash of source and path for runs that were found. */
export type RunId = Brand<string, 'RunId'>;
/** Identity of an entry of the queue. Equal to the id of the run that it starts. */
export type JobId = Brand<string, 'JobId'>;

/** Seconds since 1970-01-01 UTC, with fractions, as TensorBoard writes them. */
export type WallTimeSeconds = number;
/** Count of optimizer steps (or whatever the logger counts), an integer that may repeat or go backwards in a foreign log. */
export type Step = number;
