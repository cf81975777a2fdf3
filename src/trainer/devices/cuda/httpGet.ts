import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import { AppError } from '../../../base/errors.ts';
import { proxyFor } from './proxy.ts';

type Environment = { readonly [name: string]: string | undefined };

export interface GetOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Holds HTTPS_PROXY and its like. */
  readonly env: Environment;
}

const mostRedirects = 5;
/** Without a byte for so long, a connection counts as cut. */
const silenceMs = 60_000;

/** The answer to a GET, redirections followed, through the proxy that the environment names. Its body is the caller's to read. Throws what the network says. */
export async function httpGet(address: string, options: GetOptions): Promise<IncomingMessage> {
  let url = new URL(address);
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const answer = await getOnce(url, options);
    const to = answer.headers.location;
    if (to === undefined || ![301, 302, 303, 307, 308].includes(answer.statusCode ?? 0)) return answer;
    answer.resume();
    const next = new URL(to, url);
    // What is fetched is run later, so it is never taken over a way that anybody may change.
    if (url.protocol === 'https:' && next.protocol !== 'https:') {
      throw new AppError('refused', `${url.host} sends downloads on to ${next.host} without encryption.`, {
        hint: 'Use another package feed (TRAINYARD_NUGET), or fetch the package by hand and give its path.',
      });
    }
    url = next;
  }
  throw new AppError('unreachable', `${address} is redirected without end.`, { hint: 'Try again later.' });
}

/** A small answer as a JSON tree. Throws AppError 'not-found' at 404 and 'unreachable' at any other refusal. */
export async function getJson(address: string, options: GetOptions): Promise<unknown> {
  const answer = await httpGet(address, { ...options, headers: { ...options.headers, accept: 'application/json' } });
  refuseStatus(address, answer);
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new AppError('unreachable', `${address} answered with something else than JSON.`, {
      hint: 'A login page of a network or a proxy may stand in between. Open the address in a browser.',
      cause: error,
    });
  }
}

/** Throws where an answer is no success; says what the status means. */
export function refuseStatus(address: string, { statusCode = 0 }: IncomingMessage): void {
  if (statusCode >= 200 && statusCode < 300) return;
  if (statusCode === 404) {
    throw new AppError('not-found', `${address} does not exist (404).`, {
      hint: 'The feed may lack this version. Fetch the package by hand and give its path with --from.',
    });
  }
  if (statusCode === 407) {
    throw new AppError('refused', 'The proxy asks for a name and a password (407).', {
      hint: 'Put them into HTTPS_PROXY: http://name:password@host:port.',
    });
  }
  throw new AppError('unreachable', `${address} answered with status ${statusCode}.`, { hint: 'Try again later.' });
}

async function getOnce(url: URL, { headers = {}, signal, env }: GetOptions): Promise<IncomingMessage> {
  const proxy = proxyFor(url, env);
  if (proxy === undefined) return send(url.protocol === 'https:' ? https : http, { url, headers, signal });
  if (url.protocol === 'http:') {
    const forwarded = { ...headers, host: url.host, ...proxyLogin(proxy) };
    return send(http, { url: proxy, path: url.href, headers: forwarded, signal });
  }
  const tunnel = await openTunnel(url, proxy, signal);
  const secured = tls.connect({ socket: tunnel, servername: url.hostname });
  return send(https, { url, headers, signal, createConnection: () => secured });
}

interface Sending {
  readonly url: URL;
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly createConnection?: () => Socket;
}

function send(client: typeof http | typeof https, { url, ...options }: Sending): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = client.get(url, { ...options, timeout: silenceMs }, resolve);
    request.on('timeout', () => request.destroy(new Error(`no byte came for ${silenceMs / 1000} s`)));
    request.on('error', reject);
  });
}

/** A connection through a proxy (RFC 9110, section 9.3.6). */
function openTunnel(url: URL, proxy: URL, signal: AbortSignal): Promise<Socket> {
  const target = `${url.hostname}:${url.port === '' ? 443 : url.port}`;
  return new Promise((resolve, reject) => {
    const request = http.request(proxy, {
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...proxyLogin(proxy) },
      signal,
      timeout: silenceMs,
    });
    request.on('connect', (answer, socket) => {
      if (answer.statusCode === 200) resolve(socket as Socket);
      else {
        socket.destroy();
        reject(tunnelRefused(proxy, answer));
      }
    });
    request.on('timeout', () => request.destroy(new Error('the proxy did not answer')));
    request.on('error', reject);
    request.end();
  });
}

function tunnelRefused(proxy: URL, answer: IncomingMessage): unknown {
  try {
    refuseStatus(`the proxy ${proxy.host}`, answer);
    return new Error(`the proxy ${proxy.host} answered with status ${answer.statusCode}`);
  } catch (error) {
    return error;
  }
}

function proxyLogin({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` };
}
