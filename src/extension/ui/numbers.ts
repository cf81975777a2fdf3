/** A metric's value in at most five significant digits: "0.01234", "1.2e-7", "NaN". */
export function formatValue(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-4 || size >= 1e7) return value.toExponential(2).replace('e+', 'e');
  return String(Number(value.toPrecision(size >= 1e4 ? 7 : 4)));
}

const blocks = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** Values as block characters, lowest to highest; a value that is no number leaves a gap. '' where nothing can be drawn. */
export function sparkline(values: readonly number[], width = 12): string {
  const finite = values.filter((value) => Number.isFinite(value));
  if (finite.length < 2) return '';
  const low = Math.min(...finite);
  const range = Math.max(...finite) - low;
  return thinned(values, width)
    .map((value) => {
      if (!Number.isFinite(value)) return ' ';
      const level = range === 0 ? 0 : Math.round(((value - low) / range) * (blocks.length - 1));
      return blocks[level]!;
    })
    .join('');
}

/** At most `count` of the values, evenly spaced, the first and the last among them. */
function thinned(values: readonly number[], count: number): readonly number[] {
  if (values.length <= count) return values;
  return Array.from({ length: count }, (_, index) => values[Math.round((index * (values.length - 1)) / (count - 1))]!);
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
