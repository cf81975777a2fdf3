// npm run bench:extension — what a person waits for in the window, with the bundles as they are shipped (it builds them). `-- --only many`
// measures one part (activation, live, many) and writes nothing. No other extension that does the same can be installed here (vscode-dvc needs
// DVC and the extension gallery), so there is no peer; the goals are absolute.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../host/workbench.ts';
import { measureActivation } from './extension/activation.ts';
import { measureLiveChart } from './extension/liveChart.ts';
import { measureManyRuns } from './extension/manyRuns.ts';
import { compared, limited, median, type Row, writeReport } from './report.ts';

const RUNS = 10_000;

const parts: { readonly [name: string]: (browser: Browser) => Promise<readonly Row[]> } = {
  activation: async (browser) => {
    const { activateMs, firstUseMs } = await measureActivation(browser, 7);
    return [
      limit('activate, median of 7 extension hosts', median(activateMs), 50),
      plain('first use after activation: the window’s parts loaded, median', median(firstUseMs), 'ms'),
    ];
  },
  live: async (browser) => {
    const times = await measureLiveChart(browser, 60);
    return [
      limit('file write to point on the chart, p95 of 60', percentile95(times), 250),
      plain('file write to point on the chart, median', median(times), 'ms'),
    ];
  },
  many: async (browser) => {
    const { listMs, showMs, expandMs, firstSeconds } = await measureManyRuns(browser, RUNS, {
      listings: 7,
      windows: 3,
    });
    return [
      limit('10 000 runs listed by the worker, warm, median of 7', median(listMs), 300),
      plain('10 000 runs, click on the view to its list in a new window, warm', median(showMs), 'ms'),
      plain('10 000 runs, click on their group to its first row', median(expandMs), 'ms'),
      plain('10 000 runs read for the first time', firstSeconds, 's'),
    ];
  },
};

const { only } = parseArgs({ options: { only: { type: 'string' } } }).values;
const names = only === undefined ? Object.keys(parts) : [only];
if (names.some((name) => parts[name] === undefined)) throw new Error(`There is no part ${only}.`);
buildAsShipped();
const browser = await launchBrowser();
try {
  const rows: Row[] = [];
  for (const name of names) {
    const measured = await parts[name]!(browser);
    for (const row of measured) console.log(`${row.name}: ${row.ours?.toFixed(1)} ${row.unit}`);
    rows.push(...measured);
  }
  if (only === undefined) writeReport('extension', rows, notes());
} finally {
  await browser.close();
}

function notes(): string[] {
  return [
    'Activation is what a caller of extension.activate() waits for in a window that has come up: VS Code’s own questions to its window, the loading of the bundle and the call.',
    'The click on the view counts activation, the loading of the window’s parts, the connection to the worker and the drawing of VS Code itself. A group of so many runs is closed; opening it makes VS Code fetch all its rows.',
  ];
}

function buildAsShipped(): void {
  const built = spawnSync(process.execPath, ['scripts/build.mjs', '--production'], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`The build failed:\n${built.stdout}${built.stderr}`);
}

function limit(name: string, ours: number, milliseconds: number): Row {
  return limited({ name, ours, unit: 'ms', better: 'lower', limit: milliseconds });
}

function plain(name: string, ours: number, unit: string): Row {
  return compared({ name, ours, peer: null, peerName: '', unit, better: 'lower' });
}

function percentile95(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1]!;
}
