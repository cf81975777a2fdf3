import { AppError } from '../../base/errors.ts';
import type { SshPlace } from '../../domain/target.ts';
import { quoteWord } from '../remote/shellQuote.ts';

/**
 * Reads the agent's text from standard input and runs it: nothing is installed over there. It holds no quotes, dollars or exclamation marks, so every
 * login shell hands it on as it is.
 */
const bootstrap =
  'import sys;b=sys.stdin.buffer;n=int(b.readline());SOURCE=b.read(n);__name__="__agent__";exec(SOURCE)';

/** Options that a connection of programs needs, whatever the user's configuration says of connections of people. */
const options = [
  'RequestTTY=no',
  'RemoteCommand=none',
  'PermitLocalCommand=no',
  'ClearAllForwardings=yes',
  'ForwardX11=no',
  // A master that the user has is used; we never become one, since it would end with us.
  'ControlMaster=no',
  'EscapeChar=none',
  'LogLevel=ERROR',
  'ServerAliveInterval=15',
  'ServerAliveCountMax=3',
  'ConnectTimeout=20',
] as const;

/** Arguments of the system's ssh that start the agent on a host. Throws `bad-config` for a host that ssh would take for an option. */
export function sshArguments(place: SshPlace, { canAsk }: { readonly canAsk: boolean }): string[] {
  checkHost(place.host);
  const set = [...options, `BatchMode=${canAsk ? 'no' : 'yes'}`];
  return [
    '-T',
    ...(place.configFile === undefined ? [] : ['-F', place.configFile]),
    ...set.flatMap((option) => ['-o', option]),
    '--',
    place.host,
    `exec ${programWord(place.python ?? 'python3')} -u -c ${quoteWord(bootstrap)}`,
  ];
}

/** The same place is one connection, whoever asks for it. */
export function placeKey({ host, configFile, python }: SshPlace): string {
  return JSON.stringify([host, configFile ?? '', python ?? '']);
}

function checkHost(host: string): void {
  if (/^[^-\s'"`$\\;&|<>()*?\0][^\s'"`$\\;&|<>()\0]*$/.test(host)) return;
  throw new AppError('bad-config', `"${host}" is no name of a host.`, {
    hint: 'Write it as you would behind ssh: a Host of ~/.ssh/config, or user@name.',
  });
}

/** The home folder over there is known only to the shell over there. */
function programWord(program: string): string {
  return program.startsWith('~/') ? `"$HOME"/${quoteWord(program.slice(2))}` : quoteWord(program);
}
