import type { Disposable } from '../../base/disposables.ts';
import type { SshPlace } from '../../domain/target.ts';
import type { Executor } from '../remote/executor.ts';
import { agentSource } from './agentSource.ts';
import { placeKey } from './sshCommand.ts';
import { SshExecutor } from './sshExecutor.ts';
import { type OpenPrompts, SshHost } from './sshHost.ts';

/** All hosts that are in use, one connection each, for every target that goes through ssh. */
export class SshHosts implements Disposable {
  readonly #openPrompts: OpenPrompts | undefined;
  readonly #hosts = new Map<string, SshHost>();

  /** Without `openPrompts` nobody can be asked for a passphrase: only keys that ssh can use by itself work. */
  constructor(openPrompts?: OpenPrompts) {
    this.#openPrompts = openPrompts;
    // Read now: an update of the extension deletes the folder that it lies in.
    agentSource();
  }

  host(place: SshPlace): SshHost {
    const key = placeKey(place);
    const known = this.#hosts.get(key);
    if (known !== undefined) return known;
    const host = new SshHost(place, this.#openPrompts);
    this.#hosts.set(key, host);
    return host;
  }

  /** Runs programs and reads and writes files over there. */
  executor(place: SshPlace): Executor {
    return new SshExecutor(this.host(place));
  }

  dispose(): void {
    for (const host of this.#hosts.values()) host.dispose();
    this.#hosts.clear();
  }
}
