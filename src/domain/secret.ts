/** Something that a program asks a person: a passphrase, a code, whether a host key is right. The answer is handed on and kept nowhere. */
export interface SecretQuestion {
  /** Whose question it is: "testbox". */
  readonly host: string;
  /** As the program words it, for the person to read whole. */
  readonly prompt: string;
  /** `secret` is not shown while typed; `confirm` wants yes or no; `notice` wants no answer: "touch your security key". */
  readonly kind: 'secret' | 'confirm' | 'notice';
}
