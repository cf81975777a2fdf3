// Panning and zooming large charts: the metrics panel against Chart.js with its own decimation and against uPlot.
// Each measurement has a fresh browser; contestants take turns. Needs about 8 GB of memory for Chart.js at ten million points.
import path from 'node:path';
import { build } from 'esbuild';
import type { Browser, Frame } from 'playwright-core';
import { launchBrowser } from '../host/workbench.ts';
import { PanelPage } from '../webview/host/panelPage.ts';
import type { Frames, Gesture } from './charts/gestures.ts';
import type { Peer } from './charts/peers.ts';
import { median, type Row, writeReport } from './report.ts';

interface Case {
  readonly name: string;
  readonly series: number;
  readonly points: number;
  /** Frames per second while moving. */
  readonly goal: number;
}

const cases: readonly Case[] = [
  { name: '1 × 10 M', series: 1, points: 10_000_000, goal: 59 },
  { name: '200 × 100 k', series: 200, points: 100_000, goal: 55 },
];
const gestures: readonly Gesture[] = ['pan', 'zoom'];
type Contestant = 'ours' | Peer;
/** `ONLY=ours` leaves the peers out, for a quick look. */
const contestants: readonly Contestant[] = process.env['ONLY'] === 'ours' ? ['ours'] : ['ours', 'chartjs', 'uplot'];
const peerNames = { chartjs: 'Chart.js, decimation min-max', uplot: 'uPlot' } satisfies Record<Peer, string>;

const ROUNDS = Number(process.env['ROUNDS'] ?? 3);
const MOVE_MS = 3000;
const LIMIT_MS = 120_000;

/** All gaps between frames of a case, gesture and contestant; absent where it could not do it. */
const measured = new Map<string, number[]>();
const failures: string[] = [];

for (let round = 0; round < ROUNDS; round++) {
  for (const given of cases) {
    for (const contestant of contestants) await measure(given, contestant);
  }
}
writeReport('charts', cases.flatMap(rowsOf), notes());

async function measure(given: Case, contestant: Contestant): Promise<void> {
  const browser = await launchBrowser();
  try {
    const work = contestant === 'ours' ? measureOurs(browser, given) : measurePeer(browser, given, contestant);
    const frames = await withLimit(work);
    for (const gesture of gestures) {
      const key = keyOf(given, gesture, contestant);
      measured.set(key, [...(measured.get(key) ?? []), ...frames[gesture].gaps]);
      console.log(`${key}: ${describe(frames[gesture].gaps)}`);
    }
  } catch (error) {
    failures.push(`${given.name}, ${contestant}: ${(error as Error).message.split('\n')[0]}`);
    console.log(failures.at(-1));
  } finally {
    await Promise.race([browser.close(), new Promise((resolve) => setTimeout(resolve, 5000))]);
  }
}

/** The real panel in a page, full size, its data in another thread as the product's worker has it; moved by wheel events. */
async function measureOurs(browser: Browser, given: Case): Promise<Record<Gesture, Frames>> {
  const runs = Array.from({ length: given.series }, (_, i) => ({
    id: `r${i}`,
    name: `run ${i}`,
    series: [{ tag: 'loss', seed: i + 1, count: given.points, noise: 0.15, level: 1 + i * 0.003 }],
  }));
  const kept = { fullSize: 'loss', runsOpen: false };
  const panel = await PanelPage.open(browser, { panel: 'metrics', runs, kept }, { width: 1300, height: 720 });
  panel.page.setDefaultTimeout(LIMIT_MS);
  const all = `${(given.series * given.points).toString().replace(/\B(?=(\d{3})+$)/g, '\u202f')} points`;
  await panel.frame.locator('.shown', { hasText: all }).waitFor();
  await panel.page.waitForTimeout(1500);
  const pan = await moveOurs(panel.frame, 'pan');
  await panel.frame.locator('.reset-zoom').click();
  await panel.page.waitForTimeout(500);
  const zoom = await moveOurs(panel.frame, 'zoom');
  if (panel.errors.length > 0) throw new Error(panel.errors.join(' '));
  return { pan, zoom };
}

async function moveOurs(frame: Frame, gesture: Gesture): Promise<Frames> {
  return frame.evaluate(
    async ([kind, ms]) => {
      const plot = document.querySelector<HTMLElement>('.plot')!;
      const box = plot.getBoundingClientRect();
      const at = {
        clientX: box.left + 60 + (box.width - 80) / 2,
        clientY: box.top + box.height / 2,
        bubbles: true,
        cancelable: true,
      };
      const wheel = (change: WheelEventInit) => plot.dispatchEvent(new WheelEvent('wheel', { ...at, ...change }));
      const next = () => new Promise<number>((resolve) => requestAnimationFrame(() => resolve(performance.now())));
      if (kind === 'pan') {
        // Ten times closer: 1279 notches of 0.0018 are a factor of 10.
        for (let i = 0; i < 8; i++) wheel({ ctrlKey: true, deltaY: -160 });
        await new Promise((resolve) => setTimeout(resolve, 800));
      }
      const gaps: number[] = [];
      const began = performance.now();
      let last = await next();
      for (let i = 0; performance.now() - began < ms; i++) {
        if (kind === 'pan') wheel({ deltaX: 40 * Math.cos(i / 40) });
        else wheel({ ctrlKey: true, deltaY: -60 * Math.cos(i / 25) });
        const now = await next();
        gaps.push(now - last);
        last = now;
      }
      return { gaps };
    },
    [gesture, MOVE_MS] as const,
  );
}

async function measurePeer(browser: Browser, given: Case, peer: Peer): Promise<Record<Gesture, Frames>> {
  const page = await browser.newPage({ viewport: { width: 1300, height: 720 } });
  page.setDefaultTimeout(LIMIT_MS);
  await page.addScriptTag({ content: await peersScript() });
  await page.evaluate(([name, series, points]) => window.openPeer(name, series, points), [
    peer,
    given.series,
    given.points,
  ] as const);
  const move = (gesture: Gesture) =>
    page.evaluate(([kind, ms]) => window.movePeer(kind, ms), [gesture, MOVE_MS] as const);
  return { pan: await move('pan'), zoom: await move('zoom') };
}

async function peersScript(): Promise<string> {
  const entry = path.join(import.meta.dirname, 'charts', 'peers.ts');
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    format: 'iife',
    target: 'chrome134',
    write: false,
  });
  return outputFiles[0]!.text;
}

function rowsOf(given: Case): Row[] {
  return gestures.flatMap((gesture) => {
    const ours = measured.get(keyOf(given, gesture, 'ours')) ?? null;
    const versus = (peer: Peer) => measured.get(keyOf(given, gesture, peer)) ?? null;
    const name = `${given.name} points, ${gesture}`;
    return (['chartjs', 'uplot'] as const).flatMap((peer): Row[] => {
      const [ourP95, peerP95] = [p95(ours), p95(versus(peer))];
      const [ourFps, peerFps] = [fps(ours), fps(versus(peer))];
      return [
        {
          name: `${name}: time between frames, p95`,
          ours: ourP95,
          peer: peerP95,
          peerName: peerNames[peer],
          unit: 'ms',
          ratio: quotient(peerP95, ourP95),
          goal: '',
          met: null,
        },
        {
          name: `${name}: frames`,
          ours: ourFps,
          peer: peerFps,
          peerName: peerNames[peer],
          unit: '1/s',
          ratio: quotient(ourFps, peerFps),
          goal: `≥ ${given.goal} 1/s`,
          met: ourFps === null ? null : ourFps >= given.goal,
        },
      ];
    });
  });
}

function notes(): string[] {
  return [
    `${ROUNDS} rounds, contestants in turns, a fresh headless Chromium without GPU for each, chart of about 1200 × 560 pixels. Frames are those of requestAnimationFrame, at most 60 a second, with a step of the gesture in each.`,
    'Ours is the whole metrics panel with its data in another thread: it draws columns of several pixels while it moves and every pixel afterwards, the least and greatest value of each column always. The peers hold all points in their own memory and draw them at their own detail.',
    ...(failures.length === 0 ? [] : [`Not done: ${[...new Set(failures)].join('; ')}.`]),
  ];
}

function keyOf(given: Case, gesture: Gesture, contestant: Contestant): string {
  return `${given.name} ${gesture} ${contestant}`;
}

function describe(gaps: readonly number[]): string {
  return `median ${median(gaps).toFixed(1)} ms, p95 ${p95(gaps)?.toFixed(1)} ms, ${fps(gaps)?.toFixed(1)} fps`;
}

function p95(gaps: readonly number[] | null): number | null {
  if (gaps === null || gaps.length === 0) return null;
  const sorted = [...gaps].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))]!;
}

function fps(gaps: readonly number[] | null): number | null {
  if (gaps === null || gaps.length === 0) return null;
  return (1000 * gaps.length) / gaps.reduce((sum, gap) => sum + gap, 0);
}

function quotient(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one / other;
}

function withLimit<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout>;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took more than ${LIMIT_MS / 1000} s`)), LIMIT_MS);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}
