/** Exit codes of every command; those of `train` stand in its own help. */
export const exitCodes = {
  done: 0,
  /** What was asked for could not be done. */
  failed: 1,
  /** The command line was wrong. */
  usage: 2,
} as const;
