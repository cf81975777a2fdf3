// Runs in the browser of a chart benchmark: the same data and gestures for the peers.
import { Chart, registerables } from 'chart.js';
import uPlot from 'uplot';
import { GeneratedSeries } from '../../webview/host/generated.ts';
import { type Frames, type Gesture, windowOf } from './gestures.ts';

export type Peer = 'chartjs' | 'uplot';

declare global {
  interface Window {
    /** Makes the peer's chart and resolves when it is drawn. */
    openPeer(peer: Peer, seriesCount: number, points: number): Promise<void>;
    /** Moves it, a step per animation frame. */
    movePeer(gesture: Gesture, ms: number): Promise<Frames>;
  }
}

const WIDTH = 1200;
const HEIGHT = 560;
let points = 0;
let show: (min: number, max: number) => void = () => {};

Chart.register(...registerables);

window.openPeer = async (peer, seriesCount, count) => {
  points = count;
  const columns = Array.from({ length: seriesCount }, (_, i) => {
    const made = new GeneratedSeries({ tag: 'loss', seed: i + 1, count, noise: 0.15, level: 1 + i * 0.003 });
    return made.values;
  });
  if (peer === 'chartjs') openChartJs(columns);
  else openUplot(columns);
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
};

window.movePeer = async (gesture, ms) => {
  const gaps: number[] = [];
  const began = performance.now();
  let last = await frame();
  for (let i = 0; performance.now() - began < ms; i++) {
    const { min, max } = windowOf(gesture, i, points);
    show(min, max);
    const now = await frame();
    gaps.push(now - last);
    last = now;
  }
  return { gaps };
};

function frame(): Promise<number> {
  return new Promise((resolve) => requestAnimationFrame(() => resolve(performance.now())));
}

/** Chart.js as its documentation asks for large data: no parsing, no animation, normalized, decimation by least and greatest value. */
function openChartJs(columns: readonly Float64Array[]): void {
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  document.body.append(canvas);
  const chart = new Chart(canvas, {
    type: 'line',
    data: {
      datasets: columns.map((values, i) => ({
        data: Array.from(values, (y, x) => ({ x, y })),
        borderColor: `hsl(${(i * 137.5) % 360} 65% 55%)`,
        borderWidth: 1,
        pointRadius: 0,
      })),
    },
    options: {
      animation: false,
      parsing: false,
      normalized: true,
      responsive: false,
      events: [],
      scales: { x: { type: 'linear', min: 0, max: points - 1, ticks: { maxRotation: 0 } }, y: { type: 'linear' } },
      plugins: {
        legend: { display: false },
        tooltip: { enabled: false },
        decimation: { enabled: true, algorithm: 'min-max' },
      },
    },
  });
  show = (min, max) => {
    const { x } = chart.options.scales as { x: { min: number; max: number } };
    x.min = min;
    x.max = max;
    chart.update('none');
  };
}

function openUplot(columns: readonly Float64Array[]): void {
  const xs = Float64Array.from({ length: points }, (_, i) => i);
  const plot = new uPlot(
    {
      width: WIDTH,
      height: HEIGHT,
      scales: { x: { time: false } },
      legend: { show: false },
      cursor: { show: false },
      series: [
        {},
        ...columns.map((_, i) => ({ stroke: `hsl(${(i * 137.5) % 360} 65% 55%)`, width: 1, points: { show: false } })),
      ],
    },
    [xs, ...columns] as unknown as uPlot.AlignedData,
    document.body,
  );
  show = (min, max) => plot.setScale('x', { min, max });
}
