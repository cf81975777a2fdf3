import type { XAxis } from '../../src/protocol/series.ts';
import { formatClock, formatDay, formatStep, formatValue } from '../shared/format.ts';

/** A mark on an axis. */
export interface Tick {
  readonly value: number;
  readonly label: string;
}

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;

/** Distances between time ticks, in seconds, that people can count in. */
const TIME_STEPS = [
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((count) => count * DAY),
];

/** Ticks for an x axis, at most about `count` of them, labels without overlap in mind. Values lie inside [min, max]. */
export function xTicks(axis: XAxis, log: boolean, min: number, max: number, count: number): Tick[] {
  if (!(min < max) || count < 1) return [];
  if (log) return logTicks(min, max, count);
  return tickMakers[axis](min, max, count);
}

const tickMakers = { step: stepTicks, wall: wallTicks, relative: relativeTicks } satisfies {
  [K in XAxis]: (min: number, max: number, count: number) => Tick[];
};

/** Round numbers 1, 2, 5 × 10ⁿ; whole ones where the window is wide enough for whole steps. */
export function linearTicks(min: number, max: number, count: number, label = shortNumber): Tick[] {
  const distance = niceDistance((max - min) / count);
  return multiples(min, max, distance).map((value) => ({ value, label: label(value, distance) }));
}

/** Powers of ten, and 2 and 5 between them where there is room; where the window is within a decade, round numbers. */
export function logTicks(min: number, max: number, count: number): Tick[] {
  if (!(min > 0)) return [];
  const decades = Math.log10(max / min);
  if (decades < 1) return linearTicks(min, max, count);
  const factors = decades * 3 <= count ? [1, 2, 5] : [1];
  const every = Math.max(1, Math.ceil(decades / count));
  const ticks: Tick[] = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power++) {
    if (power % every !== 0) continue;
    for (const factor of factors) {
      const value = factor * 10 ** power;
      if (value >= min && value <= max) ticks.push({ value, label: shortNumber(value) });
    }
  }
  return ticks;
}

function stepTicks(min: number, max: number, count: number): Tick[] {
  return linearTicks(min, max, count);
}

function relativeTicks(min: number, max: number, count: number): Tick[] {
  const raw = (max - min) / count;
  if (raw < 1) return linearTicks(min, max, count, (value) => `${shortNumber(value)} s`);
  const distance = timeDistance(raw);
  return multiples(min, max, distance).map((value) => ({ value, label: durationLabel(value, distance) }));
}

/** Ticks stand at full local hours and days, also across a change to summer time. */
function wallTicks(min: number, max: number, count: number): Tick[] {
  const raw = (max - min) / count;
  if (raw < 1) return linearTicks(min, max, count, (value) => subSecondLabel(value));
  const distance = timeDistance(raw);
  const ticks: Tick[] = [];
  let day = '';
  for (let value = firstLocalMultiple(min, distance); value <= max; value = nextLocal(value, distance)) {
    const date = new Date(value * 1000);
    const today = formatDay(date);
    const label = distance >= DAY ? today.slice(5) : formatClock(date, distance < MINUTE);
    ticks.push({ value, label: distance < DAY && today !== day && day !== '' ? `${today.slice(5)} ${label}` : label });
    day = today;
  }
  return ticks;
}

function firstLocalMultiple(min: number, distance: number): number {
  const offset = localOffset(min);
  return Math.ceil((min + offset) / distance) * distance - offset;
}

function nextLocal(value: number, distance: number): number {
  const next = value + distance;
  return distance < HOUR ? next : next - (localOffset(next) - localOffset(value));
}

/** Seconds that local time is ahead of UTC at a moment. */
function localOffset(seconds: number): number {
  return -new Date(seconds * 1000).getTimezoneOffset() * 60;
}

function subSecondLabel(value: number): string {
  return `${formatClock(new Date(value * 1000), true)}.${String(Math.round((value % 1) * 1000)).padStart(3, '0')}`;
}

function durationLabel(seconds: number, distance: number): string {
  if (seconds === 0) return '0';
  if (distance >= DAY) return `${Math.round(seconds / DAY)} d`;
  const sign = seconds < 0 ? '−' : '';
  const size = Math.abs(seconds);
  const [hours, minutes, rest] = [
    Math.floor(size / HOUR),
    Math.floor((size % HOUR) / MINUTE),
    Math.round(size % MINUTE),
  ];
  const pad = (value: number) => String(value).padStart(2, '0');
  if (distance < MINUTE) return `${sign}${hours > 0 ? `${hours}:${pad(minutes)}` : minutes}:${pad(rest)}`;
  return size < HOUR ? `${sign}${minutes} min` : `${sign}${hours} h${minutes === 0 ? '' : ` ${pad(minutes)}`}`;
}

/** "12k", "1.5M", "0.002": as short as an axis wants it, and still exact. */
export function shortNumber(value: number, distance = 0): string {
  const size = Math.abs(value);
  if (size >= 1e4 && size < 1e15) {
    const [unit, name] = size >= 1e9 ? [1e9, 'G'] : size >= 1e6 ? [1e6, 'M'] : [1e3, 'k'];
    const short = Number((value / unit).toPrecision(6));
    if (distance === 0 || Math.abs(short * unit - value) < distance / 100) return `${short}${name}`.replace('-', '−');
  }
  if (Number.isInteger(value) && size < 1e15) return formatStep(value);
  const digits = distance > 0 && size > 0 ? Math.ceil(Math.log10(size / distance)) + 2 : 5;
  return formatValue(Number(value.toPrecision(12)), Math.min(12, Math.max(3, digits)));
}

function multiples(min: number, max: number, distance: number): number[] {
  const values: number[] = [];
  const first = Math.ceil(min / distance - 1e-9);
  const last = Math.floor(max / distance + 1e-9);
  // Multiplying keeps values exact where adding would pile up rounding errors.
  for (let i = first; i <= last && values.length < 1000; i++) values.push(Number((i * distance).toPrecision(15)));
  return values;
}

function niceDistance(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const share = raw / power;
  const factor = share <= 1.0000001 ? 1 : share <= 2 ? 2 : share <= 5 ? 5 : 10;
  return Number((factor * power).toPrecision(12));
}

function timeDistance(raw: number): number {
  return TIME_STEPS.find((step) => step >= raw) ?? niceDistance(raw / DAY) * DAY;
}
