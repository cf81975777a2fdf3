// Runs inside the extension host: VS Code loads the bundle of this file and calls run().
import { appendFileSync, globSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format } from 'node:util';
import Mocha from 'mocha';

/** Runs every bundled suite beside this file and leaves `report.txt` and `record.json` in the folder that the harness named. */
export async function run(): Promise<void> {
  const folder = process.env['TRAINYARD_TEST_RECORD'];
  if (folder === undefined) throw new Error('TRAINYARD_TEST_RECORD does not name a folder.');
  const report = path.join(folder, 'report.txt');
  // Console output of an extension host is mixed with VS Code's own, so the report goes to a file.
  Mocha.reporters.Base.consoleLog = (...parts: unknown[]) => appendFileSync(report, `${format(...parts)}\n`);

  const grep = process.env['TRAINYARD_TEST_GREP'];
  const mocha = new Mocha({
    ui: 'tdd',
    timeout: 30_000,
    color: false,
    reporter: 'spec',
    ...(grep === undefined ? {} : { grep }),
  });
  for (const file of globSync('suite/**/*.test.cjs', { cwd: __dirname }).sort())
    mocha.addFile(path.join(__dirname, file));

  const stats = await new Promise<Mocha.Stats | undefined>((resolve) => {
    const runner = mocha.run(() => resolve(runner.stats));
  });
  if (stats === undefined) throw new Error('Mocha gave no statistics.');
  const { passes, failures, pending } = stats;
  // Written whole or not at all: a half-written record must not count.
  const temporary = path.join(folder, 'record.json.partial');
  writeFileSync(temporary, JSON.stringify({ passes, failures, pending }));
  renameSync(temporary, path.join(folder, 'record.json'));
  if (failures > 0) throw new Error(`${failures} tests failed.`);
}
