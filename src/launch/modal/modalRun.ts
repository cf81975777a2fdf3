/** How a job at Modal ended. `error` says why where it was not the program that ended. */
export interface ModalEnd {
  readonly code: number;
  readonly error?: string;
}

/** A job at Modal that somebody follows. */
export interface ModalRun {
  /** "Modal sandbox sb-…", "Modal app ap-…". */
  readonly where: string;
  /** Asks for the end. */
  stop(force: boolean): Promise<void>;
  readonly ended: Promise<ModalEnd>;
}
