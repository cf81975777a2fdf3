import { AppError, type ErrorCode } from '../../base/errors.ts';
import type { SshPlace } from '../../domain/target.ts';

/** What is known of an ssh that ended before the agent answered. */
export interface SshEnd {
  readonly code: number | null;
  readonly stderr: string;
  /** A question of ssh that nobody answered. */
  readonly unanswered?: string | undefined;
}

interface Explanation {
  readonly pattern: RegExp;
  /** `unreachable` may be over in a minute; `refused` needs a person. */
  readonly code: Extract<ErrorCode, 'unreachable' | 'refused'>;
  readonly message: (host: string) => string;
  readonly hint: (host: string) => string;
}

/** Sentences of OpenSSH (sshconnect.c, ssh.c, packet.c) and of shells that miss a program, and what they mean. The first that fits is taken. */
const explanations: readonly Explanation[] = [
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED/,
    code: 'refused',
    message: (host) => `${host} showed another host key than the one that is known for it.`,
    hint: (host) =>
      `If the machine was set up anew, remove the old key with ssh-keygen -R ${host} and connect once with ssh ${host}. If not, somebody may be between you and it.`,
  },
  {
    pattern: /Host key verification failed|No .* host key is known/,
    code: 'refused',
    message: (host) => `The host key of ${host} is not known, and nobody confirmed it.`,
    hint: (host) => `Connect once with ssh ${host} in a terminal and compare the fingerprint.`,
  },
  {
    pattern: /Permission denied|Too many authentication failures/,
    code: 'refused',
    message: (host) => `${host} refused the login.`,
    hint: (host) => `Try ssh ${host} in a terminal. A key with a passphrase can be given to ssh-agent with ssh-add.`,
  },
  {
    pattern: /Bad configuration option|Can't open user config file|Bad owner or permissions|bad configuration options/,
    code: 'refused',
    message: () => 'ssh does not accept its configuration.',
    hint: () => 'Correct the file that the message names.',
  },
  {
    pattern: /needs Python 3\.6|has no attribute 'buffer'|SyntaxError/,
    code: 'refused',
    message: (host) => `The Python on ${host} is too old for the agent, which needs 3.6 or later.`,
    hint: () => 'Name another one as "python" of the target in trainyard.yaml.',
  },
  {
    pattern: /(python|exec).*(not found|No such file)|Unknown command.*python/i,
    code: 'refused',
    message: (host) => `There is no Python on ${host} under that name.`,
    hint: () => 'Install Python 3, or name its path as "python" of the target in trainyard.yaml.',
  },
  {
    pattern: /Could not resolve hostname|Name or service not known/,
    code: 'unreachable',
    message: (host) => `No machine is known as ${host}.`,
    hint: () => 'Look at the name and at the network of this machine.',
  },
  {
    pattern: /./,
    code: 'unreachable',
    message: (host) => `${host} does not answer.`,
    hint: (host) => `Try ssh ${host} in a terminal. Runs over there go on meanwhile.`,
  },
];

/** Why a connection did not come about: `unreachable` where another attempt may succeed, `refused` where a person must do something first. */
export function explainSshEnd(place: SshPlace, end: SshEnd): AppError {
  const said = end.stderr.trim();
  const { code, message, hint } = explanations.find(({ pattern }) => pattern.test(said)) ?? explanations.at(-1)!;
  const detail = lastLine(said);
  const short = message(place.host).replace(/\.$/, '');
  const sentence = detail === '' ? `${short}.` : `${short}: ${detail.replace(/\.$/, '')}.`;
  if (end.unanswered === undefined) return new AppError(code, sentence, { hint: hint(place.host) });
  return new AppError('refused', `${sentence} ssh asked "${end.unanswered.trim()}" and got no answer.`, {
    hint: `Answer it in a window of VS Code, or give the key to ssh-agent with ssh-add before.`,
  });
}

function lastLine(text: string): string {
  return (
    text
      .split('\n')
      .filter((line) => line.trim() !== '')
      .at(-1)
      ?.trim()
      .slice(0, 300) ?? ''
  );
}
