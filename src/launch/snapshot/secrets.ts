/** Names of variables whose values are nobody's business: they are never written into a record, a log or a command line. */
const secretName = /(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)$/i;
const shortestSecret = 8;

export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** The variables that may be written down, and the names of the others. */
export function withoutSecrets(env: { readonly [name: string]: string }): {
  readonly open: { readonly [name: string]: string };
  readonly secret: readonly string[];
} {
  const names = Object.keys(env);
  return {
    open: Object.fromEntries(Object.entries(env).filter(([name]) => !isSecretName(name))),
    secret: names.filter(isSecretName),
  };
}

/** The name of a secret variable of this process whose value stands in the text, or undefined. */
export function secretIn(text: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  return Object.entries(env).find(
    ([name, value]) =>
      isSecretName(name) && value !== undefined && value.length >= shortestSecret && text.includes(value),
  )?.[0];
}

/** Whether an argument looks like `wandb.api_key=abc…`: a secret by its key, with a value that is neither empty, a number, nor taken from elsewhere. */
export function looksLikeSecret(argument: string): boolean {
  const parts = /^[-+]*([\w./-]+)=(.*)$/s.exec(argument);
  if (parts === null) return false;
  const [, key = '', value = ''] = parts;
  const isSecret = /(^|[._-])(api[_-]?key|access[_-]?key|secret|token|password|passwd|passphrase)$/i.test(key);
  return isSecret && value.length >= shortestSecret && !/^\$\{|^[\d.eE+-]+$|^(true|false|null|none)$/i.test(value);
}

/** A text without the values of this process's secret variables and without passwords in addresses. */
export function redacted(text: string, env: NodeJS.ProcessEnv = process.env): string {
  let result = text.replace(/(\w:\/\/[^\s/:@]*):[^\s/@]+@/g, '$1:…@');
  for (const [name, value] of Object.entries(env)) {
    if (isSecretName(name) && value !== undefined && value.length >= shortestSecret)
      result = result.replaceAll(value, `<${name}>`);
  }
  return result;
}
