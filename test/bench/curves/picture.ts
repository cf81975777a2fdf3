import { WINDOW } from './noise.ts';
import type { CurveRecord } from './record.ts';

const [width, upper, lower, margin] = [760, 300, 170, { left: 64, right: 16, top: 34, gap: 46, bottom: 40 }];
const height = margin.top + upper + margin.gap + lower + margin.bottom;
const colours = {
  ours: '#c2410c',
  rounded: '#7c3aed',
  torch: '#1d4ed8',
  band: '#bfdbfe',
  ink: '#1f2937',
  grid: '#e5e7eb',
};

interface Panel {
  readonly top: number;
  readonly height: number;
  readonly from: number;
  readonly to: number;
}

/**
 * The course of the loss as a picture: above the losses, below how far each run is from the mean of PyTorch's runs, with the spread of those as a band.
 */
export function curvePicture({ title, ours, peers }: CurveRecord): string {
  const theirs = peers.map(({ means }) => means);
  const count = ours.float32.length;
  const centre = ours.float32.map((_, at) => theirs.reduce((sum, each) => sum + each[at]!, 0) / theirs.length);
  const away = (curve: readonly number[]) => curve.map((value, at) => value - centre[at]!);
  const rounded = ours.bfloat16 === undefined ? [] : [ours.bfloat16];
  const all = [ours.float32, ...rounded, ...theirs];
  const losses = panelOf(margin.top, upper, all.flat());
  const apart = panelOf(margin.top + upper + margin.gap, lower, all.flatMap(away));
  const body = [
    `<text x="${margin.left}" y="20" font-size="13" font-weight="600">${escaped(title)}</text>`,
    ...axes(losses, count, 'loss, mean of 50 steps'),
    band(losses, theirs),
    line(losses, centre, colours.torch, 1.5),
    ...rounded.map((curve) => line(losses, curve, colours.rounded, 1)),
    line(losses, ours.float32, colours.ours, 1.5),
    ...axes(apart, count, 'distance from the mean of PyTorch’s runs'),
    band(apart, theirs.map(away)),
    ...rounded.map((curve) => line(apart, away(curve), colours.rounded, 1)),
    line(apart, away(ours.float32), colours.ours, 1.5),
    ...legend(rounded.length > 0),
    `<text x="${width / 2}" y="${height - 8}" text-anchor="middle">step</text>`,
  ];
  const style = 'font-family="system-ui, sans-serif" font-size="11"';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ${style} fill="${colours.ink}">`,
    `<title>${escaped(`Loss curves: ${title}`)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

function panelOf(top: number, size: number, values: readonly number[]): Panel {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = 0.05 * (high - low || 1);
  return { top, height: size, from: low - room, to: high + room };
}

const across = (at: number, count: number) => margin.left + ((width - margin.left - margin.right) * (at + 0.5)) / count;
const down = ({ top, height: size, from, to }: Panel, value: number) => top + size * (1 - (value - from) / (to - from));

function points(panel: Panel, values: readonly number[]): readonly string[] {
  return values.map((value, at) => `${across(at, values.length).toFixed(1)},${down(panel, value).toFixed(1)}`);
}

function line(panel: Panel, values: readonly number[], colour: string, thick: number): string {
  return `<polyline points="${points(panel, values).join(' ')}" fill="none" stroke="${colour}" stroke-width="${thick}"/>`;
}

/** From the lowest to the highest run. */
function band(panel: Panel, curves: readonly (readonly number[])[]): string {
  const ends = (pick: (...values: number[]) => number) =>
    points(
      panel,
      curves[0]!.map((_, at) => pick(...curves.map((curve) => curve[at]!))),
    );
  const outline = [...ends(Math.max), ...[...ends(Math.min)].reverse()];
  return `<polygon points="${outline.join(' ')}" fill="${colours.band}"/>`;
}

function axes(panel: Panel, count: number, title: string): readonly string[] {
  const marks = Array.from({ length: 5 }, (_, i) => panel.from + ((panel.to - panel.from) * i) / 4);
  const steps = [0, 500, 1000, 1500, 2000].filter((step) => step <= count * WINDOW);
  const right = width - margin.right;
  return [
    ...marks.flatMap((value) => {
      const y = down(panel, value).toFixed(1);
      const grid = `<line x1="${margin.left}" x2="${right}" y1="${y}" y2="${y}" stroke="${colours.grid}"/>`;
      return [
        grid,
        `<text x="${margin.left - 6}" y="${y}" text-anchor="end" dy="4">${Number(value.toPrecision(3))}</text>`,
      ];
    }),
    ...steps.map((step) => {
      const x = (margin.left + ((right - margin.left) * step) / (count * WINDOW)).toFixed(1);
      return `<text x="${x}" y="${panel.top + panel.height + 14}" text-anchor="middle">${step}</text>`;
    }),
    `<text x="${right}" y="${panel.top - 4}" text-anchor="end">${title}</text>`,
  ];
}

function legend(isRounded: boolean): readonly string[] {
  const entries = [
    [colours.ours, 'Trainyard, float32'],
    ...(isRounded ? [[colours.rounded, 'Trainyard, bf16 products'] as const] : []),
    [colours.torch, 'PyTorch, mean of its runs'],
    [colours.band, 'PyTorch, lowest to highest run'],
  ] as const;
  return entries.flatMap(([colour, text], i) => {
    const y = margin.top + 18 + 16 * i;
    const x = width - margin.right - 190;
    return [
      `<rect x="${x}" y="${y - 8}" width="14" height="8" fill="${colour}"/>`,
      `<text x="${x + 20}" y="${y}">${text}</text>`,
    ];
  });
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
