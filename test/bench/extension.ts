// npm run bench:extension — what a person waits for in the window. Needs `npm run build` before. No other extension that does the same
// can be installed here (vscode-dvc needs DVC and the extension gallery), so there is no peer; the goals are absolute.
import { launchBrowser } from '../host/workbench.ts';
import { measureActivation } from './extension/activation.ts';
import { measureLiveChart } from './extension/liveChart.ts';
import { measureManyRuns } from './extension/manyRuns.ts';
import { compared, limited, median, type Row, writeReport } from './report.ts';

const RUNS = 10_000;

const browser = await launchBrowser();
try {
  const activation = await measureActivation(browser, 7);
  const live = await measureLiveChart(browser, 60);
  const many = await measureManyRuns(browser, RUNS, 5);
  writeReport(
    'extension',
    [
      limit('activate, median of 7 extension hosts', median(activation.activateMs), 50),
      plain('first use after activation: the window’s parts loaded, median', median(activation.firstUseMs), 'ms'),
      limit('file write to point on the chart, p95 of 60', percentile95(live), 250),
      plain('file write to point on the chart, median', median(live), 'ms'),
      limit('10 000 runs listed by the worker, warm', median(many.listMs), 300),
      plain('10 000 runs, click to first row in a new window, warm', median(many.showMs), 'ms'),
      plain('10 000 runs read for the first time', many.firstSeconds, 's'),
    ],
    [
      'Activation is what a caller of extension.activate() waits for in a window that has come up: VS Code’s own questions to its window, the loading of the bundle and the call. The click counts activation, the connection to the worker and the drawing of VS Code itself.',
    ],
  );
} finally {
  await browser.close();
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
