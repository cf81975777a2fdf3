import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium, type Frame, type Locator, type Page } from 'playwright-core';
import { ensureChromium } from '../../scripts/setup/chromium.mjs';
import type { VscodeServer } from './vscodeServer.ts';

/** Where screenshots go. */
export const artifacts = path.resolve('test-artifacts');

const BROWSER_FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
  ...['--disable-background-networking', '--disable-component-update', '--force-color-profile=srgb'],
];
const FRAME_POLL_MS = 50;
const PALETTE_TIMEOUT_MS = 5_000;
const MENU_PAUSE_MS = 300;
const PALETTE_ATTEMPTS = 5;

/** Starts a headless Chromium (installed when missing). The caller closes it. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: await ensureChromium(), headless: true, args: BROWSER_FLAGS });
}

export interface WorkbenchOptions {
  /** Absolute path of the folder to open. */
  readonly folder: string;
  /** Absolute path of an extension to load from source; absent: only installed ones. */
  readonly extension?: string;
  /** Absolute path of a test module for the extension host. */
  readonly tests?: string;
  readonly viewport?: { readonly width: number; readonly height: number };
}

/** The address under which this server shows the folder with the extension loaded from its source. */
export function workbenchUrl(server: Pick<VscodeServer, 'port'>, options: WorkbenchOptions): string {
  const remote = (file: string): string => `vscode-remote://127.0.0.1:${server.port}${file}`;
  const payload: [string, string][] = [];
  if (options.extension !== undefined) payload.push(['extensionDevelopmentPath', remote(options.extension)]);
  if (options.tests !== undefined) payload.push(['extensionTestsPath', remote(options.tests)]);
  const query = new URLSearchParams({ folder: options.folder, payload: JSON.stringify(payload) });
  return `http://127.0.0.1:${server.port}/?${query}`;
}

/** A VS Code window in a browser page, with the gestures that a person makes. Every wait has a time-out. */
export class Workbench {
  readonly page: Page;
  readonly #url: string;

  private constructor(page: Page, url: string) {
    this.page = page;
    this.#url = url;
  }

  /** Opens a window and waits until its workbench is drawn. */
  static async open(browser: Browser, server: VscodeServer, options: WorkbenchOptions): Promise<Workbench> {
    const context = await browser.newContext({ viewport: options.viewport ?? { width: 1400, height: 900 } });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const workbench = new Workbench(page, workbenchUrl(server, options));
    await workbench.reload();
    return workbench;
  }

  /** Loads the window again: a new extension host, the same folder and state. */
  async reload(): Promise<void> {
    await this.page.goto(this.#url);
    await this.page.locator('.monaco-workbench .activitybar .action-label').first().waitFor();
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }

  /** Runs a command by its title in the palette, as a person would: `command('Trainyard: Launch Training')`. */
  async command(title: string): Promise<void> {
    // The palette ranks by its own mind ("Force Stop" before "Stop"), so the row is chosen by its whole title.
    const row = this.page.locator('.quick-input-list .monaco-list-row').and(this.#labelled(title)).first();
    // Commands whose condition has just become true are missing in a palette that is open already: then it is opened anew.
    for (let attempt = 1; ; attempt++) {
      await this.page.keyboard.press('F1');
      try {
        // An editor that opens at this moment takes the palette away.
        await this.quickInput.fill(`>${title}`, { timeout: PALETTE_TIMEOUT_MS });
        return await row.click({ timeout: PALETTE_TIMEOUT_MS });
      } catch (error) {
        if (attempt === PALETTE_ATTEMPTS) throw error;
        await this.page.keyboard.press('Escape');
      }
    }
  }

  /** Elements whose label is this text, alone or followed by a comma and more (a key binding, "recently used"). */
  #labelled(text: string): Locator {
    const quoted = JSON.stringify(text);
    return this.page.locator(`[aria-label=${quoted}], [aria-label^=${JSON.stringify(`${text}, `)}]`);
  }

  /** The text field of the quick input (palette, picks, input boxes). */
  get quickInput(): Locator {
    return this.page.locator('.quick-input-widget:not([style*="display: none"]) input[type="text"]').first();
  }

  /** A row of the open quick pick. */
  quickRow(text: string | RegExp): Locator {
    return this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first();
  }

  /** Chooses a row of the open quick pick. */
  async pick(text: string | RegExp): Promise<void> {
    await this.quickRow(text).click();
  }

  /** Waits for the input box or pick that asks this, types, and accepts. */
  async answer(question: string, text: string): Promise<void> {
    await this.page.locator('.quick-input-widget', { hasText: question }).waitFor();
    await this.quickInput.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Shows a view container by its name in the activity bar. */
  async openContainer(name: string): Promise<void> {
    const icon = this.page.locator(`.activitybar .action-item:has([aria-label^="${name}"])`).first();
    await icon.waitFor();
    if ((await icon.locator('[aria-expanded="true"]').count()) > 0) return;
    if (/\bchecked\b/.test((await icon.getAttribute('class')) ?? '')) return;
    await icon.click();
  }

  /**
   * Chooses from the menu of a row, with the mouse. VS Code lets a menu take clicks only a moment after it has opened (100 ms, so that the button that
   * opened it may be let go above an item), and a person is slower than that anyway.
   */
  async chooseFromMenu(row: Locator, item: string): Promise<void> {
    await row.click({ button: 'right' });
    const entry = this.page.getByRole('menuitem', { name: item, exact: true });
    await entry.waitFor();
    await this.page.waitForTimeout(MENU_PAUSE_MS);
    await entry.click();
  }

  /** A row of any tree in sight. */
  treeRow(name: string | RegExp): Locator {
    return this.page.getByRole('treeitem', { name }).first();
  }

  /** Clicks a run's row, once, and waits for its metrics. */
  async openMetrics(row: string | RegExp, selector = 'section.card'): Promise<Frame> {
    await this.treeRow(row).click();
    return this.webview(selector);
  }

  /** The inner document of the webview in which the CSS selector matches something. */
  async webview(selector: string, timeout = 30_000): Promise<Frame> {
    const end = Date.now() + timeout;
    while (Date.now() < end) {
      for (const frame of this.page.frames().filter((candidate) => candidate.parentFrame() !== null)) {
        const found = await frame.evaluate((css) => document.querySelector(css) !== null, selector).catch(() => false);
        if (found) return frame;
      }
      await this.page.waitForTimeout(FRAME_POLL_MS);
    }
    throw new Error(`No webview with ${selector} appeared within ${timeout / 1000} s.`);
  }

  /** Texts of the notifications that stand on the screen. */
  async notifications(): Promise<string[]> {
    return this.page.locator('.notification-list-item-message').allTextContents();
  }

  /** Keeps a picture of the window in test-artifacts/, and gives its path. */
  async screenshot(name: string): Promise<string> {
    mkdirSync(artifacts, { recursive: true });
    const file = path.join(artifacts, `${name}.png`);
    await this.page.screenshot({ path: file });
    return file;
  }
}
