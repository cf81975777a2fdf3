import type { ChartTheme } from '../shared/theme.ts';

export interface PictureLine {
  readonly label: string;
  readonly colour: string;
}

const MOST_LABELS = 24;
const ROW = 18;
const MARGIN = 12;

/** A picture of a chart with its title and a legend, as the bytes of a PNG file. */
export async function chartPng(
  chart: HTMLCanvasElement,
  title: string,
  lines: readonly PictureLine[],
  theme: ChartTheme,
): Promise<Uint8Array> {
  const ratio = chart.width / chart.clientWidth || 1;
  const width = chart.clientWidth + 2 * MARGIN;
  const shown = lines.slice(0, MOST_LABELS);
  const columns = Math.max(1, Math.floor((width - 2 * MARGIN) / 220));
  const rows = Math.ceil((shown.length + Number(lines.length > shown.length)) / columns);
  const top = 34;
  const height = top + chart.clientHeight + rows * ROW + 2 * MARGIN;
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(width * ratio);
  canvas.height = Math.ceil(height * ratio);
  const ctx = canvas.getContext('2d')!;
  ctx.scale(ratio, ratio);
  ctx.fillStyle = theme.background;
  ctx.fillRect(0, 0, width, height);
  ctx.fillStyle = theme.foreground;
  ctx.font = `600 ${theme.fontSize + 1}px ${theme.fontFamily}`;
  ctx.fillText(title, MARGIN, 22, width - 2 * MARGIN);
  ctx.drawImage(chart, MARGIN, top, chart.clientWidth, chart.clientHeight);
  ctx.font = `${theme.fontSize - 1}px ${theme.fontFamily}`;
  const labels = lines.length > shown.length ? [...shown, moreLine(lines.length - shown.length, theme)] : shown;
  labels.forEach((line, index) => {
    const x = MARGIN + (index % columns) * 220;
    const y = top + chart.clientHeight + MARGIN + Math.floor(index / columns) * ROW + ROW / 2;
    ctx.fillStyle = line.colour;
    ctx.fillRect(x, y - 5, 12, 3);
    ctx.fillStyle = theme.foreground;
    ctx.fillText(line.label, x + 18, y, 196);
  });
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob === null) throw new Error('The browser could not write the picture.');
  return new Uint8Array(await blob.arrayBuffer());
}

function moreLine(count: number, theme: ChartTheme): PictureLine {
  return { label: `and ${count} more`, colour: theme.background };
}
