import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { UsageError } from '../../../src/cli/arguments.ts';
import { commands } from '../../../src/cli/commands.ts';
import { trainyard } from './support.ts';

test('the overview names every command', async () => {
  for (const args of [[], ['--help'], ['help']]) {
    const { code, stdout } = await trainyard(args);
    assert.equal(code, 0);
    for (const [name, { summary }] of Object.entries(commands))
      assert.match(stdout, new RegExp(`^ {2}${name} +${summary}$`, 'm'));
  }
});

for (const name of Object.keys(commands)) {
  test(`trainyard ${name} --help says how it is used, without a worker`, async (context) => {
    const { code, stdout, stderr } = await trainyard([name, '--help'], {
      env: { TRAINYARD_HOME: path.join(context.name, 'not-made') },
    });
    assert.deepEqual([code, stderr], [0, '']);
    assert.match(stdout, new RegExp(`^trainyard ${name}`));
  });
}

test('an unknown command is one line and exit code 2', async () => {
  const { code, stdout, stderr } = await trainyard(['trian']);
  assert.deepEqual(
    [code, stdout, stderr],
    [2, '', 'trainyard: There is no command "trian". Did you mean train? "trainyard --help" lists them.\n'],
  );
});

test('wrong arguments are one line, before any worker is started', async () => {
  const cases = {
    launch: [[], ['meanflow', 'steps'], ['meanflow', '--device', 'tpu'], ['--nonsense']],
    stop: [[], ['a', 'b']],
    resume: [[], ['a', 'b']],
    runs: [['a'], ['--status', 'sleeping']],
    metrics: [[], ['a', '--count', '-1']],
    checkpoints: [['a']],
    jobs: [['juggle', 'a'], ['move'], ['hold', 'a', 'b']],
    log: [[], ['a', '--tail', 'x']],
    console: [[], ['a', 'b', 'c'], ['a', '--tail', 'x']],
    media: [[], ['a', 'b', 'c'], ['a', '--step', 'x']],
    doctor: [['a']],
    recipes: [['tabula'], ['tabular', 'b']],
    profile: [[], ['a', 'b']],
    sample: [[], ['a', 'b']],
    eval: [[], ['a', 'b']],
    export: [[], ['a', 'b']],
  } as const;
  for (const [name, lines] of Object.entries(cases)) {
    const run = await commands[name as keyof typeof cases].load();
    for (const args of lines) {
      await assert.rejects(run(args), (error) => {
        assert.ok(error instanceof UsageError, `${name} ${args.join(' ')}: ${error}`);
        assert.match(error.message, /^[^\n]+\.$/);
        return true;
      });
    }
  }
});

test('every command is described in docs/cli.md', () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/cli.md'), 'utf8');
  for (const name of Object.keys(commands)) assert.match(page, new RegExp(`^## .*\`${name}\``, 'm'), name);
});
