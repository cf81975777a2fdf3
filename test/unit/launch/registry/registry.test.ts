import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { layoutOf, type PythonObject, parsePythonJson, printPythonJson } from '../../../../src/domain/pythonJson.ts';
import { changeRegistry } from '../../../../src/launch/registry/change.ts';
import { markEdit, markFailedEdit, rebuildEdit, unmarkEdit } from '../../../../src/launch/registry/edits.ts';
import { readRegistry } from '../../../../src/launch/registry/read.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'registry-'));
  mkdirSync(path.join(folder, 'runs'));
  file = path.join(folder, 'runs', 'experiment_registry.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const entry = (status: string, more: object = {}) => ({
  status,
  result_file: null,
  error_msg: null,
  exit_code: null,
  started_at: null,
  completed_at: null,
  gpu: 0,
  metrics: {},
  marked_for_rerun: false,
  retry_count: 0,
  ...more,
});

/** Writes the file as the repository's own scripts do: with Python's json. */
function writeWithPython(content: object): void {
  const program = 'import json,sys; json.dump(json.loads(sys.argv[1]), open(sys.argv[2], "w"), indent=2)';
  const { status, stderr } = spawnSync('python3', ['-c', program, JSON.stringify(content), file], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

test('what Python writes is written back byte for byte', () => {
  const program = `import json,sys
value = {"a": [1, 1.0, 1e-05, -0.0, 12345678901234567890, float("nan"), float("inf"), float("-inf")], "é\\u2028\\"\\\\\\n\\x7f\\x00": {}, "e": [], "n": None, "t": True, "😀": "ü"}
for indent in (None, 2, 4):
    for ascii in (True, False):
        sys.stdout.write(json.dumps(value, indent=indent, ensure_ascii=ascii) + "\\0")`;
  const { stdout } = spawnSync('python3', ['-c', program], { encoding: 'utf8' });
  const texts = stdout.split('\0').filter((text) => text !== '');
  assert.equal(texts.length, 6);
  for (const text of texts) assert.equal(printPythonJson(parsePythonJson(text), layoutOf(text)), text);
});

test('any JSON survives reading and writing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(0, 2, 3), fc.boolean(), (value, indent, isAscii) => {
      const text = JSON.stringify(value);
      const printed = printPythonJson(parsePythonJson(text), { indent, isAscii, endsWithNewline: true });
      assert.deepEqual(JSON.parse(printed), JSON.parse(text));
    }),
  );
});

test('a text that is no JSON is told with its line', () => {
  assert.throws(() => parsePythonJson('{\n  "a": 1,\n  }'), { message: 'should be a text in quotes, in line 3' });
  assert.throws(() => parsePythonJson('{"a": [1, 2'), { message: 'ends too early, in line 1' });
  assert.throws(() => parsePythonJson('[1] 2'), { message: 'stands behind the end, in line 1' });
});

test('a registry is read with what is wrong in it', () => {
  writeFileSync(path.join(folder, 'runs', 'good.json'), '{}');
  writeWithPython({
    meta: { job_id: 'local' },
    experiments: {
      good: entry('completed', { result_file: 'runs/good.json', metrics: { accuracy: 45.5 }, exit_code: 0 }),
      gone: entry('completed', { result_file: 'runs/gone.json' }),
      broken: entry('failed', { error_msg: 'CUDA out of memory', error_category: 'oom', exit_code: 1, retry_count: 2 }),
      stale: entry('running', { started_at: '2026-01-02T03:04:05.123456' }),
      odd: entry('paused'),
      text: 'no object',
    },
  });
  const registry = readRegistry(file, Date.parse('2026-01-04T00:00:00') / 1000);
  assert.deepEqual(
    registry.experiments.map(({ name, status }) => [name, status]),
    [
      ['good', 'completed'],
      ['gone', 'completed'],
      ['broken', 'failed'],
      ['stale', 'running'],
      ['odd', 'paused'],
    ],
  );
  assert.deepEqual(registry.experiments[0]!.metrics, { accuracy: 45.5 });
  assert.deepEqual(registry.problems, [
    'The entry "text" should be an object; it is left out.',
    '"odd" has the unknown status "paused".',
    '1 of 2 completed experiments have no result file: gone.',
    '1 experiments have been running for more than a day, so they are dead: stale.',
  ]);
});

test('a file that is half written is a problem, and is not written over', async () => {
  writeFileSync(file, '{"experiments": {"a": ');
  assert.match(readRegistry(file).problems[0]!, /does not hold JSON: something ends too early, in line 1/);
  await assert.rejects(changeRegistry(file, markEdit(['a'], 'again').edit), { code: 'bad-file' });
  assert.equal(readFileSync(file, 'utf8'), '{"experiments": {"a": ');
  await assert.rejects(changeRegistry(path.join(folder, 'none.json'), markEdit(['a'], 'again').edit), {
    code: 'not-found',
  });
});

test('marking changes the entry, the time and nothing else; the mode of the file stays', async () => {
  writeWithPython({
    meta: { job_id: 'x', last_updated: 'before' },
    experiments: { a: entry('failed', { retry_count: 3 }), b: entry('completed') },
  });
  chmodSync(file, 0o664);
  const before = readFileSync(file, 'utf8');
  const mark = markEdit(['a', 'unknown'], 'again');
  await changeRegistry(file, mark.edit);
  assert.deepEqual(mark.changed(), ['a']);
  const after = readFileSync(file, 'utf8');
  const time = JSON.parse(after).meta.last_updated as string;
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
  const expected = before
    .replace('"before"', `"${time}"`)
    .replace(
      '"marked_for_rerun": false,\n      "retry_count": 3',
      '"marked_for_rerun": true,\n      "retry_count": 0,\n      "rerun_reason": "again"',
    );
  assert.equal(after, expected);
  assert.equal(statSync(file).mode & 0o777, 0o664);
  await changeRegistry(file, unmarkEdit(['a']).edit);
  assert.equal(readRegistry(file).experiments[0]!.markedForRerun, false);
  assert.deepEqual(readdirSync(path.dirname(file)), ['experiment_registry.json']);
});

test('everything that failed is marked at once', async () => {
  writeWithPython({ meta: {}, experiments: { a: entry('failed'), b: entry('completed'), c: entry('failed') } });
  const mark = markFailedEdit('after the bad node');
  await changeRegistry(file, mark.edit);
  assert.deepEqual(mark.changed(), ['a', 'c']);
  assert.deepEqual(
    readRegistry(file).experiments.map(({ markedForRerun }) => markedForRerun),
    [true, false, true],
  );
});

test('a registry is rebuilt from result files; what it knows stays', async () => {
  writeWithPython({ meta: {}, experiments: { known: entry('failed') } });
  for (const name of ['known', 'fresh']) {
    mkdirSync(path.join(folder, 'runs', 'set', name), { recursive: true });
    writeFileSync(
      path.join(folder, 'runs', 'set', name, 'arc_results.json'),
      '{"final_results": {"accuracy": 51.0, "loss": NaN}}',
    );
  }
  writeFileSync(path.join(folder, 'runs', 'top_results.json'), '{"final_results": {}}');
  writeFileSync(path.join(folder, 'runs', 'cut_results.json'), '{"final_results": ');
  const rebuild = rebuildEdit(file);
  await changeRegistry(file, rebuild.edit);
  assert.deepEqual([...rebuild.changed()].sort(), ['fresh', 'top']);
  const byName = new Map(readRegistry(file).experiments.map((each) => [each.name, each]));
  assert.equal(byName.get('known')!.status, 'failed');
  assert.equal(byName.get('fresh')!.resultFile, 'runs/set/fresh/arc_results.json');
  assert.match(readFileSync(file, 'utf8'), /"accuracy": 51\.0,\s+"loss": NaN/);
});

/** Stands in for the repository's scripts: load under a shared lock, change, temporary file under an exclusive lock, replace. */
const writer = `
import fcntl, json, os, sys, tempfile
file, name, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
for n in range(rounds):
    with open(file) as f:
        fcntl.flock(f, fcntl.LOCK_SH)
        data = json.load(f)
    data["experiments"][name]["retry_count"] = n
    fd, temporary = tempfile.mkstemp(dir=os.path.dirname(file), prefix=".registry_", suffix=".tmp")
    with os.fdopen(fd, "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        json.dump(data, f, indent=2)
    os.replace(temporary, file)
`;

test('marks survive scripts that write the same file at the same time, and the file is whole at every moment', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `e${index}`);
  writeWithPython({
    meta: {},
    experiments: Object.fromEntries([...names, 'other'].map((name) => [name, entry('failed')])),
  });
  const script = spawn('python3', ['-c', writer, file, 'other', '400'], { stdio: 'inherit' });
  const ended = once(script, 'exit');
  for (const name of names) {
    await changeRegistry(file, markEdit([name], 'again').edit);
    assert.deepEqual(readRegistry(file).problems, []);
  }
  const [code] = await ended;
  assert.equal(code, 0);
  const { experiments } = readRegistry(file);
  assert.deepEqual(
    experiments.filter(({ markedForRerun }) => markedForRerun).map(({ name }) => name),
    names,
  );
});

test('an experiment that a script started meanwhile is not marked again', () => {
  const mark = markEdit(['a'], 'again');
  const text = (more: object) => parsePythonJson(JSON.stringify({ a: entry('failed', more) })) as PythonObject;
  assert.notEqual(mark.edit(text({})), undefined);
  assert.equal(mark.edit(text({ status: 'running', started_at: '2026-01-01T00:00:00' })), undefined);
});
