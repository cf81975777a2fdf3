import type { Disposable } from '../../src/base/disposables.ts';
import { mix, parseColour, type Rgb, toHex, withContrast } from './colour.ts';

/** What canvases need of the theme, resolved to plain colours: a canvas cannot take `var(…)`. */
export interface ChartTheme {
  readonly background: string;
  readonly foreground: string;
  readonly muted: string;
  readonly grid: string;
  readonly border: string;
  readonly focus: string;
  readonly warning: string;
  readonly selection: string;
  readonly fontFamily: string;
  readonly fontSize: number;
  /** Line colours, `COLOURS` of them, each with enough contrast on the background. */
  readonly lines: readonly string[];
  readonly highContrast: boolean;
}

/** Theme variables of the line colours, in the order of `RunStyle.colour`, with fallbacks for themes that leave some out. */
const LINE_VARIABLES: readonly (readonly string[])[] = [
  ['charts-blue', 'terminal-ansiBlue'],
  ['charts-orange'],
  ['charts-green', 'terminal-ansiGreen'],
  ['charts-purple', 'terminal-ansiBrightMagenta'],
  ['charts-red', 'terminal-ansiRed'],
  ['terminal-ansiCyan', 'terminal-ansiBrightCyan'],
  ['charts-yellow', 'terminal-ansiYellow'],
  ['terminal-ansiMagenta', 'terminal-ansiBrightMagenta'],
];

/** Contrast of lines with the background: WCAG 2.2, 1.4.11 asks 3 for graphics; high contrast themes get more. */
const LINE_CONTRAST = 3;
const HIGH_CONTRAST = 5;

/** Reads the theme from the variables that VS Code sets on the document. */
export function readTheme(): ChartTheme {
  const style = getComputedStyle(document.documentElement);
  const colour = (names: readonly string[]): Rgb | undefined => {
    for (const name of names) {
      const found = parseColour(style.getPropertyValue(`--vscode-${name}`));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const kind = document.body.className;
  const highContrast = kind.includes('high-contrast');
  const isLight = kind.includes('vscode-light') || kind.includes('high-contrast-light');
  const background = colour(['editor-background']) ?? (isLight ? WHITE : BLACK);
  const foreground = colour(['charts-foreground', 'foreground', 'editor-foreground']) ?? (isLight ? BLACK : WHITE);
  const wanted = highContrast ? HIGH_CONTRAST : LINE_CONTRAST;
  const text = withContrast(foreground, background, 4.5);
  return {
    background: toHex(background),
    foreground: toHex(text),
    muted: toHex(withContrast(colour(['descriptionForeground']) ?? foreground, background, 4.5)),
    grid: toHex(mix(background, foreground, highContrast ? 0.25 : 0.1)),
    border: toHex(colour(['contrastBorder']) ?? mix(background, foreground, 0.22)),
    focus: toHex(colour(['focusBorder']) ?? foreground),
    warning: toHex(withContrast(colour(['editorWarning-foreground', 'charts-yellow']) ?? foreground, background, 3)),
    selection: toHex(colour(['editor-selectionBackground', 'focusBorder']) ?? foreground),
    fontFamily: style.getPropertyValue('--vscode-font-family') || 'sans-serif',
    fontSize: Number.parseFloat(style.getPropertyValue('--vscode-font-size')) || 13,
    lines: LINE_VARIABLES.map((names) => {
      const line = colour(names) ?? orangeOf(colour) ?? foreground;
      return toHex(withContrast(line, background, wanted));
    }),
    highContrast,
  };
}

/** Calls back when the person changes the theme: VS Code then changes the body's class and the document's variables. */
export function watchTheme(changed: () => void): Disposable {
  let frame = 0;
  const observer = new MutationObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(changed);
  });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
  return {
    dispose: () => {
      cancelAnimationFrame(frame);
      observer.disconnect();
    },
  };
}

/** Writes the line colours as `--ty-line-N` on an element, for swatches in lists. */
export function writeLineColours(element: HTMLElement, theme: ChartTheme): void {
  theme.lines.forEach((line, index) => {
    element.style.setProperty(`--ty-line-${index}`, line);
  });
}

/** High contrast themes have no orange: it is halfway between their red and their yellow. */
function orangeOf(colour: (names: readonly string[]) => Rgb | undefined): Rgb | undefined {
  const [red, yellow] = [colour(['charts-red']), colour(['charts-yellow'])];
  return red && yellow && mix(red, yellow, 0.5);
}

const WHITE: Rgb = { r: 1, g: 1, b: 1 };
const BLACK: Rgb = { r: 0, g: 0, b: 0 };
