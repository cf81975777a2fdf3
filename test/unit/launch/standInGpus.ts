import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * A stand-in for `nvidia-smi` (this machine has none) at the front of PATH: it prints what the test says, for `--query-gpu` and for `-L`.
 * Jobs started meanwhile see nothing of it but the path.
 */
export class StandInNvidiaSmi {
  readonly #folder = mkdtempSync(path.join(os.tmpdir(), 'stand-in-'));
  readonly #path = process.env['PATH'];

  constructor(query: string, list = '') {
    mkdirSync(this.#folder, { recursive: true });
    const program = path.join(this.#folder, 'nvidia-smi');
    this.print(query, list);
    writeFileSync(
      program,
      `#!/bin/sh\ncase "$1" in -L) cat "${this.#folder}/list" ;; *) cat "${this.#folder}/query" ;; esac\n`,
    );
    chmodSync(program, 0o755);
    process.env['PATH'] = `${this.#folder}${path.delimiter}${this.#path}`;
  }

  print(query: string, list = ''): void {
    writeFileSync(path.join(this.#folder, 'query'), query);
    writeFileSync(path.join(this.#folder, 'list'), list);
  }

  end(): void {
    process.env['PATH'] = this.#path;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
