import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import type { Browser, Frame, Page } from 'playwright-core';
import { type Bundle, bundles } from '../../../scripts/build/bundles.mjs';
import { bundleOptions } from '../../../scripts/build/options.mjs';
import { panelHtml } from '../../../src/extension/panels/html.ts';
import type { Command, Scenario } from './scenario.ts';

export type ThemeName = 'dark' | 'light' | 'highContrast' | 'highContrastLight';

interface ThemeFile {
  readonly bodyClass: string;
  readonly themeId: string;
  readonly themeKind: string;
  readonly variables: Readonly<Record<string, string>>;
}

export interface PanelPageOptions {
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly height?: number;
  readonly deviceScaleFactor?: number;
}

const NONCE = 'cGFuZWwtdGVzdA';
const here = import.meta.dirname;
let built: Promise<Map<string, string>> | undefined;

/** A panel in a browser page, with a made-up extension on the other side. Nothing listens on a port: the browser is given its files. */
export class PanelPage {
  readonly page: Page;
  /** Console errors, uncaught exceptions and violations of the policy. */
  readonly errors: string[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.errors.push(message.text());
    });
    page.on('pageerror', (error) => this.errors.push(String(error)));
  }

  static async open(browser: Browser, scenario: Scenario, options: PanelPageOptions = {}): Promise<PanelPage> {
    const { theme = 'dark', width = 1280, height = 800, deviceScaleFactor = 1 } = options;
    const context = await browser.newContext({ viewport: { width, height }, deviceScaleFactor, timezoneId: 'UTC' });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    const panel = new PanelPage(page);
    const files = await builtFiles();
    await page.route('https://panel.test/**', async (route) => {
      const name = new URL(route.request().url()).pathname.slice(1);
      if (name === 'host') {
        await route.fulfill({ contentType: 'text/html', body: OUTER });
        return;
      }
      if (name.endsWith('.html')) {
        const body = pageOf(name.replace('.html', ''), theme, files.get('frame.js') ?? '');
        await route.fulfill({ body, contentType: 'text/html' });
        return;
      }
      const body = files.get(name);
      const contentType = name.endsWith('.css') ? 'text/css' : 'text/javascript';
      await route.fulfill(body === undefined ? { status: 404 } : { body, contentType });
    });
    await page.goto('https://panel.test/host');
    await page.addScriptTag({ content: files.get('page.js') ?? '' });
    await page.evaluate(([source, given]) => window.openPanel(source, given), [
      files.get('worker.js') ?? '',
      scenario,
    ] as const);
    return panel;
  }

  get frame(): Frame {
    const frame = this.page.frame('panel');
    if (frame === null) throw new Error('The panel has no frame.');
    return frame;
  }

  async command(command: Command): Promise<unknown> {
    return this.page.evaluate((given) => window.command(given), command);
  }

  /** Loads the panel's document again, as VS Code does with a panel that was hidden or a window that is reloaded. */
  async reload(): Promise<void> {
    await this.frame.goto(this.frame.url());
  }

  /** What the person does in the settings of VS Code. */
  async setTheme(theme: ThemeName): Promise<void> {
    await this.frame.evaluate(applyTheme, readTheme(theme));
  }

  /** Waits until the charts in sight have their data and stand still. */
  async settled(): Promise<void> {
    await this.frame.locator('.shown').first().waitFor();
    await this.page.waitForTimeout(400);
  }

  async screenshot(name: string): Promise<void> {
    await this.page.screenshot({ path: path.resolve('test-artifacts', `webview-${name}.png`) });
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

const OUTER =
  '<!doctype html><meta charset="utf-8"><title>host</title><style>body{margin:0}iframe{display:block;width:100vw;height:100vh;border:0}</style>';

/** The document that the extension gives to VS Code, policy and all, with what VS Code adds: the theme and `acquireVsCodeApi`. */
function pageOf(panel: string, theme: ThemeName, preload: string): string {
  const { bodyClass, themeId, themeKind, variables } = readTheme(theme);
  const address = `https://panel.test/${panel}`;
  const page = {
    title: panel,
    nonce: NONCE,
    cspSource: 'https://panel.test',
    script: `${address}.js`,
    style: `${address}.css`,
  };
  const attributes = `class="${bodyClass}" data-vscode-theme-id="${themeId}" data-vscode-theme-kind="${themeKind}"`;
  const added = `<script nonce="${NONCE}">
for (const [name, value] of Object.entries(${JSON.stringify(variables)})) document.documentElement.style.setProperty(name, value);
${preload}
</script>`;
  return panelHtml(page)
    .replace('<body>', `<body ${attributes}>`)
    .replace('</head>', () => `${added}</head>`);
}

function readTheme(name: ThemeName): ThemeFile {
  return JSON.parse(readFileSync(path.join(here, '..', 'themes', `${name}.json`), 'utf8')) as ThemeFile;
}

function applyTheme(theme: ThemeFile): void {
  for (const name of [...document.documentElement.style]) {
    if (name.startsWith('--vscode-')) document.documentElement.style.removeProperty(name);
  }
  for (const [name, value] of Object.entries(theme.variables)) document.documentElement.style.setProperty(name, value);
  document.body.className = theme.bodyClass;
  document.body.dataset['vscodeThemeId'] = theme.themeId;
}

/** The panels as the product's build makes them, and the test's own scripts; built once per process. */
function builtFiles(): Promise<Map<string, string>> {
  built ??= buildFiles();
  return built;
}

async function buildFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const panels = (bundles() as Bundle[]).filter((bundle) => bundle.name.startsWith('webview-'));
  const jobs = panels.map((bundle) =>
    bundleOptions(bundle, { outfile: path.basename(bundle.output), production: false }),
  );
  const own = ['page', 'frame', 'worker'].map((name) => ({
    ...{ entryPoints: [path.join(here, `${name}.ts`)], outfile: `${name}.js`, bundle: true, format: 'iife' as const },
    ...{ target: 'chrome134', platform: 'browser' as const, logLevel: 'warning' as const },
  }));
  for (const job of [...jobs, ...own]) {
    const { outputFiles } = await build({ ...job, write: false, metafile: false, sourcemap: false });
    for (const file of outputFiles ?? []) files.set(path.basename(file.path), file.text);
  }
  return files;
}
