import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandLaunchRequest } from '../../../../src/domain/commandLaunch.ts';
import {
  emptyMemory,
  isFavourite,
  type KeptItem,
  keptCommand,
  keptRecipe,
  lastOfEntry,
  readMemory,
  remember,
  toggleFavourite,
} from '../../../../src/extension/launch/history.ts';

function command(change: Partial<CommandLaunchRequest> = {}): KeptItem {
  const request = {
    requestId: 'x',
    folder: '/lab',
    entry: 'hydra:train.py',
    arguments: ['lr=1'],
    target: { name: 'local' },
  };
  return { title: 'train.py', launch: keptCommand({ ...request, ...change }) };
}

test('what belongs to one run alone is not kept', () => {
  const { launch } = command({
    name: 'run-1',
    hold: true,
    checkpoint: '/a.pt',
    group: 's1',
    groupLimit: 2,
    notBefore: 5,
  });
  assert.deepEqual(launch, command().launch);
  const recipe = keptRecipe({
    requestId: 'x',
    folder: '/lab',
    recipe: 'mf',
    overrides: [],
    device: 'cpu',
    name: 'mf-1',
    hold: true,
  });
  assert.deepEqual(recipe, { kind: 'recipe', request: { folder: '/lab', recipe: 'mf', overrides: [], device: 'cpu' } });
});

test('the latest launch comes first and once, and the history ends somewhere', () => {
  let memory = emptyMemory;
  for (let index = 0; index < 40; index++) memory = remember(memory, command({ arguments: [`seed=${index}`] }));
  memory = remember(memory, command({ arguments: ['seed=35'] }));
  assert.equal(memory.history.length, 20);
  assert.deepEqual(
    memory.history.slice(0, 2).map(({ launch }) => (launch.kind === 'command' ? launch.request.arguments : [])),
    [['seed=35'], ['seed=39']],
  );
  assert.deepEqual(lastOfEntry(memory, 'hydra:train.py')?.arguments, ['seed=35']);
  assert.equal(lastOfEntry(memory, 'hydra:eval.py'), undefined);
});

test('a favourite is added and taken out, whatever the run was called', () => {
  const starred = toggleFavourite(emptyMemory, command());
  assert.ok(isFavourite(starred, command({ name: 'other' }).launch));
  assert.equal(isFavourite(starred, command({ gpus: 2 }).launch), false);
  assert.deepEqual(toggleFavourite(starred, command()), emptyMemory);
});

test('what was stored comes back, and what is no launch is left out', () => {
  const memory = toggleFavourite(remember(emptyMemory, command()), command({ gpus: 1 }));
  assert.deepEqual(readMemory(JSON.parse(JSON.stringify(memory))), memory);
  for (const broken of [
    undefined,
    3,
    { history: 'x' },
    { history: [{ title: 'a' }, null, { title: 'b', launch: { kind: 'command', request: {} } }] },
  ])
    assert.deepEqual(readMemory(broken), emptyMemory);
});
