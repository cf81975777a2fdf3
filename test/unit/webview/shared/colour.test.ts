import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { contrastRatio, parseColour, toHex, withContrast } from '../../../../webview/shared/colour.ts';

const themes = ['dark', 'light', 'highContrast', 'highContrastLight'];
const channel = fc.integer({ min: 0, max: 255 });
const rgb = fc
  .record({ r: channel, g: channel, b: channel })
  .map(({ r, g, b }) => ({ r: r / 255, g: g / 255, b: b / 255 }));

test('every form in which VS Code gives a colour is read', () => {
  assert.equal(toHex(parseColour('#59a4f9')!), '#59a4f9');
  assert.equal(toHex(parseColour('#abc')!), '#aabbcc');
  assert.equal(toHex(parseColour('#59a4f980')!), '#59a4f9');
  assert.equal(toHex(parseColour('rgba(234, 92, 0, 0.33)')!), '#ea5c00');
  assert.equal(toHex(parseColour(' rgb(0 128 255) ')!), '#0080ff');
  for (const bad of ['', 'inherit', '#12', 'rgb(1,2)', 'hsl(1 2% 3%)']) assert.equal(parseColour(bad), undefined, bad);
});

test('contrast is 21 between black and white and 1 between equals', () => {
  assert.equal(contrastRatio(parseColour('#000')!, parseColour('#fff')!), 21);
  assert.equal(contrastRatio(parseColour('#777')!, parseColour('#777')!), 1);
});

test('a colour is moved only as far as its contrast asks', () => {
  fc.assert(
    fc.property(rgb, rgb, fc.constantFrom(3, 4.5), (colour, background, wanted) => {
      const moved = withContrast(colour, background, wanted);
      assert.ok(contrastRatio(moved, background) >= wanted - 1e-9);
      if (contrastRatio(colour, background) >= wanted) assert.deepEqual(moved, colour);
    }),
  );
});

test('the chart colours of the default themes are readable and different', () => {
  const names = [
    'charts-blue',
    'charts-green',
    'charts-purple',
    'charts-red',
    'charts-yellow',
    'terminal-ansiCyan',
    'terminal-ansiMagenta',
  ];
  for (const theme of themes) {
    const file = path.resolve('test/webview/themes', `${theme}.json`);
    const { variables } = JSON.parse(readFileSync(file, 'utf8')) as { variables: Record<string, string> };
    const background = parseColour(variables['--vscode-editor-background']!)!;
    const lines = names.map((name) => withContrast(parseColour(variables[`--vscode-${name}`]!)!, background, 3));
    for (const line of lines) assert.ok(contrastRatio(line, background) >= 3, `${theme}: ${toHex(line)}`);
    assert.equal(new Set(lines.map(toHex)).size, names.length, theme);
  }
});
