/** A metric's value in at most five significant digits: "0.01234", "1.2e-7", "NaN". */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e7) return value.toExponential(2).replace('e+', 'e');
  return String(Number(value.toPrecision(size >= 1e4 ? 7 : 4)));
}

const blocks = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/**
 * Values as block characters, lowest to highest; a value that is no number leaves a gap. '' where nothing can be drawn. At most `width` of the values are
 * shown, evenly spaced, the first and the last among them. Plain loops, because ten thousand rows are described at once.
 */
export function sparkline(values: readonly number[], width = 12): string {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let finite = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    finite += 1;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (finite < 2) return '';
  const scale = high > low ? (blocks.length - 1) / (high - low) : 0;
  const shown = Math.min(width, values.length);
  const stride = (values.length - 1) / (shown - 1);
  let line = '';
  for (let index = 0; index < shown; index++) {
    const value = values[Math.round(index * stride)]!;
    line += Number.isFinite(value) ? blocks[Math.round((value - low) * scale)] : ' ';
  }
  return line;
}

/** "512 B", "1.4 MB", "12 GB": powers of 1000. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** A length of time in its two largest units: "45 s", "3 min 20 s", "2 h 5 min", "4 d 3 h". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(whole / 86_400), 'd'],
    [Math.floor(whole / 3600) % 24, 'h'],
    [Math.floor(whole / 60) % 60, 'min'],
    [whole % 60, 's'],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}

/** How long ago, in its largest unit: "just now", "3 min ago", "2 d ago". Both in seconds since 1970. */
export function formatAge(then: number, now: number): string {
  const seconds = now - then;
  if (seconds < 45) return 'just now';
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} d ago`;
}

/** "1 run", "3 runs". */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
