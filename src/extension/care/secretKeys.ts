import type { SecretQuestion } from '../../domain/secret.ts';

/** The same question within this time means that the kept answer did not fit. */
const AGAIN_MS = 30_000;

/** Where the answer to a question is kept: by host and by what is asked, since a host may ask for a passphrase and for a code. */
export function secretKey({ host, prompt }: SecretQuestion): string {
  return `trainyard.ssh/${host}/${prompt.replace(/\s+/g, ' ').trim()}`;
}

/** Whether an answer may have been kept: codes that hold once are never asked to be, and host keys are for a person to judge. */
export function hasStoredAnswer({ kind, prompt }: SecretQuestion): boolean {
  return kind === 'secret' && !/\b(code|otp|token|verification)\b/i.test(prompt);
}

export function isWrongAnswer(lastAsked: number | undefined, now: number): boolean {
  return lastAsked !== undefined && now - lastAsked < AGAIN_MS;
}
