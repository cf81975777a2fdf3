import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Client, Clients } from '../../../src/worker/clients.ts';
import { Secrets } from '../../../src/worker/secrets.ts';

const question = { host: 'box', prompt: 'Enter passphrase: ', kind: 'secret' } as const;

/** Clients of which each keeps what it is told. */
function connect(kinds: readonly Client['kind'][]) {
  const clients = new Clients();
  const told = kinds.map((kind) => {
    const heard: [string, { readonly id: string }][] = [];
    const client = new Client({ notify: (event, value) => heard.push([event, value as { id: string }]) });
    client.kind = kind;
    clients.join(client);
    return heard;
  });
  return { clients, told };
}

test('every window is asked, the first answer counts, and the others are told to close', async () => {
  const { clients, told } = connect(['extension', 'extension']);
  const secrets = new Secrets(clients);
  const answer = secrets.ask(question, new AbortController().signal);
  const [[event, { id }]] = told[0] as [[string, { id: string }]];
  assert.equal(event, 'secrets.asked');
  assert.equal(told[1]?.[0]?.[1].id, id);
  secrets.answer(id, 'open sesame');
  secrets.answer(id, 'too late');
  assert.equal(await answer, 'open sesame');
  for (const heard of told) assert.deepEqual(heard.at(-1), ['secrets.settled', { id }]);
  assert.equal(told[0]?.length, 2, 'a late answer is not told again');
  secrets.dispose();
  clients.dispose();
});

test('where nobody can answer, nobody is waited for', async () => {
  const { clients, told } = connect(['cli']);
  const secrets = new Secrets(clients);
  assert.equal(await secrets.ask(question, new AbortController().signal), undefined);
  assert.deepEqual(told, [[]]);
  secrets.dispose();
  clients.dispose();
});

test('a question that is withdrawn, declined, or open at the worker’s end is answered with nothing', async () => {
  const { clients, told } = connect(['extension']);
  const secrets = new Secrets(clients);
  const withdrawn = new AbortController();
  const answers = [withdrawn.signal, new AbortController().signal, new AbortController().signal].map((signal) =>
    secrets.ask(question, signal),
  );
  withdrawn.abort();
  secrets.answer(told[0]?.[1]?.[1].id ?? '', undefined);
  secrets.dispose();
  assert.deepEqual(await Promise.all(answers), [undefined, undefined, undefined]);
  assert.equal(told[0]?.filter(([event]) => event === 'secrets.settled').length, 3);
  clients.dispose();
});
