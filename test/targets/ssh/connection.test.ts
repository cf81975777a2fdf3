import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import type { SecretQuestion } from '../../../src/domain/secret.ts';
import { AskPass, type AskSecret } from '../../../src/launch/ssh/askPass.ts';
import { SshHosts } from '../../../src/launch/ssh/sshHosts.ts';
import { missingServer, passphrase, SshServer } from './sshServer.ts';

const skip = missingServer() ?? false;
let server: SshServer;
let hosts: SshHosts;
before(async () => {
  if (skip !== false) return;
  server = new SshServer();
  await server.start();
  hosts = new SshHosts();
});
after(async () => {
  hosts?.dispose();
  await server?.end();
});

test('a passphrase and the question about a host key are asked by ssh, answered by a person, and nowhere else', {
  skip,
}, async () => {
  const questions: SecretQuestion[] = [];
  const ask = async (question: SecretQuestion) => {
    questions.push(question);
    return question.kind === 'confirm' ? 'yes' : passphrase;
  };
  const { asking, end } = askingHosts(ask);
  try {
    assert.equal((await asking.executor(server.place('locked')).run(['echo', 'open'])).stdout, 'open\n');
    assert.equal((await asking.executor(server.place('asking')).run(['echo', 'known'])).stdout, 'known\n');
    assert.deepEqual(
      questions.map(({ host, kind }) => `${host} ${kind}`),
      ['locked secret', 'asking confirm'],
    );
    assert.match(questions[0]!.prompt, /passphrase for key.*locked/);
    assert.match(questions[1]!.prompt, /fingerprint is SHA256:/);
    // What the programs over there and here were started with holds no answer.
    const seen = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    const words = seen.flatMap((pid) => ['cmdline', 'environ'].map((file) => readText(`/proc/${pid}/${file}`)));
    assert.ok(!words.some((text) => text.includes(passphrase)));
  } finally {
    end();
  }
});

test('a wrong answer is asked again only so often, and a question without an answer is named', { skip }, async () => {
  let asked = 0;
  const wrong = askingHosts(async () => {
    asked += 1;
    return 'wrong';
  });
  await assert.rejects(wrong.asking.executor(server.place('locked')).run(['true']), { code: 'refused' });
  assert.ok(asked >= 1 && asked <= 6, `${asked} questions`);
  await assert.rejects(wrong.asking.executor(server.place('asking2')).run(['true']), { code: 'refused' });
  wrong.end();
  const silent = askingHosts(async () => undefined);
  await assert.rejects(silent.asking.executor(server.place('locked')).run(['true']), {
    code: 'refused',
    message: /ssh asked "Enter passphrase.*got no answer/,
  });
  silent.end();
});

function askingHosts(ask: AskSecret): { asking: SshHosts; end: () => void } {
  const program = [process.execPath, path.resolve('src/launch/ssh/askpassMain.ts')];
  const askPass = new AskPass({ program, env: {}, ask });
  const asking = new SshHosts(askPass.open);
  return {
    asking,
    end: () => {
      asking.dispose();
      askPass.dispose();
    },
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const python = (script: string, ...args: string[]) => ['python3', '-c', script, ...args];

test('a program over there gets arguments, input, folder and variables', { skip }, async () => {
  const box = hosts.executor(server.place('box'));
  const script =
    'import os,sys; sys.stdout.write(sys.stdin.read()); sys.stderr.write(" ".join([os.getcwd(), os.environ["WORD"]] + sys.argv[1:])); sys.exit(3)';
  const done = await box.run(python(script, "it's $(id)\n`x`"), {
    cwd: server.folder,
    env: { WORD: 'größer', PYTHONIOENCODING: 'utf-8' },
    input: 'through\n',
  });
  assert.deepEqual(done, { code: 3, stdout: 'through\n', stderr: `${server.folder} größer it's $(id)\n\`x\`` });
});

test('arguments arrive unchanged', { skip }, async () => {
  const box = hosts.executor(server.place('box'));
  const letters = [...'\'" \n\t$`\\()*?~#!&;|<{a=ü日🚂\r'];
  const awkward = fc.string({ unit: fc.constantFrom(...letters, '\u0007', '$(id)', '$HOME', '%s') });
  const any = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0') && text.isWellFormed());
  const show = 'import json,os,sys; print(json.dumps([os.fsencode(a).decode("utf-8") for a in sys.argv[1:]]))';
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(awkward, any), { maxLength: 6 }), async (args) => {
      assert.deepEqual(JSON.parse((await box.run(python(show, ...args))).stdout), args);
    }),
    { numRuns: 25 },
  );
});

test('a signal, a missing program, a program that takes too long, and one that is given up', { skip }, async () => {
  const box = hosts.executor(server.place('box'));
  assert.equal((await box.run(['sh', '-c', 'kill -TERM $$'])).code, 128 + 15);
  const missing = await box.run(['/no/such/program']);
  assert.equal(missing.code, 127);
  assert.match(missing.stderr, /could not be started/);
  await assert.rejects(box.run(['sleep', '30'], { timeoutMs: 300 }), { code: 'timeout' });
  const controller = new AbortController();
  const mark = path.join(server.folder, 'given-up');
  const running = box.run(['sh', '-c', `sleep 1; touch ${mark}`], { signal: controller.signal });
  setTimeout(() => controller.abort(), 200);
  await assert.rejects(running, { code: 'cancelled' });
  await delay(1_300);
  assert.equal(existsSync(mark), false);
});

test('files are written whole and read in pieces', { skip }, async () => {
  const box = hosts.executor(server.place('box'));
  const file = path.join(server.folder, 'deep', 'größe.bin');
  const bytes = Buffer.alloc(9_000_000, 'abcdefg');
  await box.writeFile(file, bytes);
  assert.ok(readFileSync(file).equals(bytes));
  const read = await box.readFile(file, 1_000, 20_000_000);
  assert.ok(Buffer.from(read!.bytes).equals(bytes.subarray(1_000)));
  assert.equal(read!.size, bytes.length);
  assert.equal(await box.readFile(`${file}.none`, 0, 10), undefined);
  assert.equal((await box.readFile(file, bytes.length + 5, 10))!.bytes.length, 0);
});

test('a jump host is a way like any other', { skip }, async () => {
  assert.equal((await hosts.executor(server.place('jump')).run(['echo', 'there'])).stdout, 'there\n');
});

test('a connection that is killed fails what is under way and is made anew for the next call', { skip }, async () => {
  const box = hosts.executor(server.place('box'));
  const running = box.run(['sleep', '20']);
  setTimeout(() => server.killConnections(), 300);
  await assert.rejects(running, { code: 'unreachable' });
  assert.equal((await box.run(['echo', 'again'])).stdout, 'again\n');
});

/** Host → what its refusal is and says. */
const refusals: readonly (readonly [host: string, code: string, says: RegExp, hint: RegExp])[] = [
  ['nowhere', 'unreachable', /nowhere does not answer.*refused/, /go on meanwhile/],
  ['no-such-host.invalid', 'unreachable', /No machine is known/, /network/],
  ['stranger', 'refused', /refused the login/, /ssh-add/],
  ['unknown', 'refused', /host key of unknown is not known/, /fingerprint/],
  ['changed', 'refused', /another host key/, /ssh-keygen -R/],
];
for (const [host, code, says, hint] of refusals) {
  test(`${host} gives a clear sentence`, { skip }, async () => {
    await assert.rejects(
      hosts.executor(server.place(host)).run(['true']),
      (error: { code: string; message: string; hint: string }) => {
        assert.equal(error.code, code, error.message);
        assert.match(error.message, says);
        assert.match(error.hint, hint);
        return true;
      },
    );
  });
}

test('a Python that is missing, or too old, is said so', { skip }, async () => {
  const run = (program: string) => hosts.executor(server.place('box', { python: program })).run(['true']);
  await assert.rejects(run('python-of-nobody'), { code: 'refused', message: /no Python on box/ });
  await assert.rejects(run('~/no/such/python'), { code: 'refused', message: /no Python on box/ });
  // A program in Python's place that fails as Python 2 does at the bootstrap.
  const old = path.join(server.folder, 'python2');
  writeFileSync(old, "#!/bin/sh\necho \"AttributeError: 'file' object has no attribute 'buffer'\" >&2; exit 1\n", {
    mode: 0o755,
  });
  await assert.rejects(run(old), { code: 'refused', message: /too old/ });
});

test('a host that looks like an option is refused before ssh sees it', { skip }, async () => {
  await assert.rejects(hosts.executor({ host: '-oProxyCommand=touch /tmp/x' }).run(['true']), { code: 'bad-config' });
});
