/** Numbers and times as people read them in the panels. */

const THIN_SPACE = '\u202f';

/** A count with thin spaces between groups of three digits: "1 204 551". */
export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, THIN_SPACE);
}

/** A value with about `digits` significant digits, in exponent form where that is shorter to read. */
export function formatValue(value: number, digits = 5): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return minus(formatInteger(value));
  if (size >= 1e6 || size < 1e-4)
    return minus(
      value
        .toExponential(digits - 1)
        .replace(/\.?0+e/, 'e')
        .replace('e+', 'e'),
    );
  return minus(String(Number(value.toPrecision(digits))));
}

/** A step: whole numbers in groups, others as they are. */
export function formatStep(step: number): string {
  return Number.isInteger(step) && Math.abs(step) < 1e15 ? minus(formatInteger(step)) : formatValue(step, 8);
}

/** Seconds as "950 ms", "12.4 s", "3 min 20 s", "2 h 05 min", "3 d 4 h". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  const sign = seconds < 0 ? '−' : '';
  const size = Math.abs(seconds);
  if (size === 0) return '0 s';
  if (size < 1) return `${sign}${formatValue(size * 1000, 3)} ms`;
  if (size < 60) return `${sign}${Number(size.toFixed(1))} s`;
  if (size < 3600) return `${sign}${twoUnits(size, 60, 'min', 's')}`;
  if (size < 86_400) return `${sign}${twoUnits(size / 60, 60, 'h', 'min')}`;
  return `${sign}${twoUnits(size / 3600, 24, 'd', 'h')}`;
}

/** Date and time of day in the person's own zone: "2026-11-22 09:31:05". */
export function formatWallTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return '–';
  return `${formatDay(date)} ${formatClock(date, true)}`;
}

/** "2026-11-22" in local time. */
export function formatDay(date: Date): string {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** "09:31" or "09:31:05" in local time. */
export function formatClock(date: Date, withSeconds: boolean): string {
  const clock = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return withSeconds ? `${clock}:${two(date.getSeconds())}` : clock;
}

/** "1 run", "3 runs". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function twoUnits(value: number, perUnit: number, unit: string, small: string): string {
  const whole = Math.floor(value / perUnit);
  const rest = Math.floor(value - whole * perUnit);
  return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${small}`;
}

function formatInteger(value: number): string {
  return value < 0 ? `-${formatCount(-value)}` : formatCount(value);
}

function minus(text: string): string {
  return text.startsWith('-') ? `−${text.slice(1)}` : text;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
