// Runs test/host/suite in desktop VS Code, which @vscode/test-electron downloads where it can, or in the one that
// TRAINYARD_CODE names (an executable). The same suites and the same completion record as in test/host/run.ts.
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runTests } from '@vscode/test-electron';
import { bundleHostTests } from './bundle.ts';
import { type CompletionRecord, RECORD_VARIABLE, recordFolder } from './hostSuite.ts';

const { runner } = await bundleHostTests();
const temporary = mkdtempSync(path.join(os.tmpdir(), 'ty-desktop-'));
const records = recordFolder(path.join(temporary, 'records'));
const folder = path.join(temporary, 'lab');
cpSync('resources/lab', folder, { recursive: true });
const executable = process.env['TRAINYARD_CODE'];
try {
  await runTests({
    ...(executable === undefined ? {} : { vscodeExecutablePath: executable }),
    extensionDevelopmentPath: process.cwd(),
    extensionTestsPath: runner,
    launchArgs: [folder, '--disable-extensions', `--user-data-dir=${path.join(temporary, 'user')}`],
    extensionTestsEnv: {
      [RECORD_VARIABLE]: records,
      TRAINYARD_TEST_REPO: process.cwd(),
      TRAINYARD_HOME: path.join(temporary, 'home'),
    },
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
}
const report = path.join(records, 'report.txt');
if (existsSync(report)) console.log(readFileSync(report, 'utf8'));
process.exitCode = passed(path.join(records, 'record.json')) ? 0 : 1;
rmSync(temporary, { recursive: true, force: true });

function passed(file: string): boolean {
  if (!existsSync(file)) {
    console.error('The extension host left no completion record.');
    return false;
  }
  const record = JSON.parse(readFileSync(file, 'utf8')) as CompletionRecord;
  return record.passes > 0 && record.failures === 0;
}
