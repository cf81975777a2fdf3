/** Something in the file is not as the format wants it: damage, or a write that was seen half done. `offset` is that of the page in the database file. */
export class SqliteFault extends Error {
  override readonly name = 'SqliteFault';
  readonly offset: number | undefined;

  constructor(message: string, offset?: number) {
    super(message);
    this.offset = offset;
  }
}

/** The files changed while they were read, so what was read may belong to two different moments. */
export class Unstable extends Error {
  override readonly name = 'Unstable';
}
