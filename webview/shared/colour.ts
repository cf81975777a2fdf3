/** A colour in sRGB, channels in 0…1. */
export interface Rgb {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}

/** Reads `#rgb`, `#rrggbb`, `#rrggbbaa`, `rgb()` and `rgba()`, the forms in which VS Code gives theme colours. Transparency is dropped. */
export function parseColour(css: string): Rgb | undefined {
  const text = css.trim();
  const hex = /^#([0-9a-f]{3,8})$/i.exec(text)?.[1];
  if (hex !== undefined) return parseHex(hex);
  const parts = /^rgba?\(([^)]+)\)$/i
    .exec(text)?.[1]
    ?.split(/[\s,/]+/)
    .filter((part) => part !== '');
  if (parts === undefined || parts.length < 3) return undefined;
  const [r, g, b] = parts.map((part) => (part.endsWith('%') ? Number.parseFloat(part) / 100 : Number(part) / 255));
  if (r === undefined || g === undefined || b === undefined || Number.isNaN(r + g + b)) return undefined;
  return { r, g, b };
}

/** The colour as `#rrggbb`. */
export function toHex({ r, g, b }: Rgb): string {
  const channel = (value: number) =>
    Math.round(Math.min(1, Math.max(0, value)) * 255)
      .toString(16)
      .padStart(2, '0');
  return `#${channel(r)}${channel(g)}${channel(b)}`;
}

/** Contrast ratio of two colours, 1…21 (WCAG 2.2, definition of "contrast ratio"). */
export function contrastRatio(one: Rgb, other: Rgb): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Relative luminance, 0…1 (WCAG 2.2). */
export function luminance({ r, g, b }: Rgb): number {
  const linear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

/**
 * The colour, moved towards white on a dark background and towards black on a light one until it has the wanted contrast.
 * Hue is kept; where the contrast cannot be had the answer is white or black.
 */
export function withContrast(colour: Rgb, background: Rgb, wanted: number): Rgb {
  const target =
    contrastRatio({ r: 1, g: 1, b: 1 }, background) > contrastRatio({ r: 0, g: 0, b: 0 }, background) ? 1 : 0;
  for (let share = 0; share <= 1; share += 0.02) {
    const mixed = mix(colour, { r: target, g: target, b: target }, share);
    if (contrastRatio(mixed, background) >= wanted) return mixed;
  }
  return { r: target, g: target, b: target };
}

/** `share` of the other colour in the first. */
export function mix(one: Rgb, other: Rgb, share: number): Rgb {
  const channel = (a: number, b: number) => a + (b - a) * share;
  return { r: channel(one.r, other.r), g: channel(one.g, other.g), b: channel(one.b, other.b) };
}

function parseHex(hex: string): Rgb | undefined {
  const long = hex.length < 6 ? [...hex].map((digit) => digit + digit).join('') : hex;
  if (long.length !== 6 && long.length !== 8) return undefined;
  const channel = (at: number) => Number.parseInt(long.slice(at, at + 2), 16) / 255;
  return { r: channel(0), g: channel(2), b: channel(4) };
}
