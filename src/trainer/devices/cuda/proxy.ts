type Environment = { readonly [name: string]: string | undefined };

/**
 * The proxy that the environment names for an address, by the customs of curl (its manual, "ENVIRONMENT"): small letters come before capitals, HTTP_PROXY
 * in capitals is not looked at, ALL_PROXY is for both, NO_PROXY lists names and ends of names.
 */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const isSecure = url.protocol === 'https:';
  const named = isSecure ? (env['https_proxy'] ?? env['HTTPS_PROXY']) : env['http_proxy'];
  const text = named ?? env['all_proxy'] ?? env['ALL_PROXY'] ?? '';
  if (text === '' || isExcepted(url.hostname, env['no_proxy'] ?? env['NO_PROXY'] ?? '')) return undefined;
  const proxy = new URL(text.includes('://') ? text : `http://${text}`);
  return proxy.protocol === 'http:' ? proxy : undefined;
}

function isExcepted(host: string, list: string): boolean {
  return list
    .split(/[\s,]+/)
    .map((each) => each.replace(/^\*?\./, '').replace(/:\d+$/, ''))
    .some((each) => each !== '' && (each === '*' || host === each || host.endsWith(`.${each}`)));
}
