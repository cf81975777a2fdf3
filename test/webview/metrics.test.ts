import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../host/workbench.ts';
import { PanelPage, type PanelPageOptions, type ThemeName } from './host/panelPage.ts';
import { runs } from './host/runs.ts';
import type { SavedFile, Scenario } from './host/scenario.ts';

let browser: Browser;
let panel: PanelPage;

before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

/** Whatever a test did: nothing may have been logged as an error, and nothing may have broken the content security policy. */
afterEach(async () => {
  const { errors } = panel;
  await panel.close();
  assert.deepEqual(errors, []);
});

async function open(scenario: Partial<Scenario>, options?: PanelPageOptions): Promise<PanelPage> {
  panel = await PanelPage.open(browser, { panel: 'metrics', runs: runs(3), ...scenario }, options);
  return panel;
}

const card = (tag: string) => panel.frame.locator(`section.card[aria-label="${tag}"]`);
/** Waits until the list says so. */
const drawnRuns = (text: string) => panel.frame.locator('.runs-head', { hasText: text }).waitFor();
const plot = (tag: string) => card(tag).locator('.plot');

/** Colours of the pixels of a chart's line canvas that are neither transparent nor grey, with the rows where they are. */
async function inkRows(tag: string): Promise<{ top: number; bottom: number; pixels: number }> {
  return plot(tag)
    .locator('canvas.lines')
    .evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true })!;
      copy.drawImage(canvas, 0, 0);
      const { data, width, height } = copy.getImageData(0, 0, canvas.width, canvas.height);
      let [top, bottom, pixels] = [height, -1, 0];
      for (let i = 0; i < width * height; i++) {
        const [r, g, b, a] = [data[4 * i]!, data[4 * i + 1]!, data[4 * i + 2]!, data[4 * i + 3]!];
        if (a < 60 || Math.max(r, g, b) - Math.min(r, g, b) < 40) continue;
        const row = Math.floor(i / width);
        top = Math.min(top, row);
        bottom = Math.max(bottom, row);
        pixels++;
      }
      return { top, bottom, pixels };
    });
}

/** The x range that a chart shows, read from the labels of its axis through the legend at both ends. */
async function legendAt(tag: string, share: number): Promise<string> {
  const box = (await plot(tag).boundingBox())!;
  await panel.page.mouse.move(box.x + 60 + (box.width - 80) * share, box.y + box.height / 2);
  await plot(tag).locator('.legend').waitFor();
  await panel.page.waitForTimeout(80);
  return plot(tag).locator('.legend').innerText();
}

async function drag(tag: string, from: number, to: number): Promise<void> {
  const box = (await plot(tag).boundingBox())!;
  const at = (share: number) => box.x + 60 + (box.width - 80) * share;
  const y = box.y + box.height / 2;
  await panel.page.mouse.move(at(from), y);
  await panel.page.mouse.down();
  await panel.page.mouse.move(at((from + to) / 2), y, { steps: 3 });
  await panel.page.mouse.move(at(to), y, { steps: 3 });
  await panel.page.mouse.up();
  await panel.page.waitForTimeout(400);
}

test('a single spike among a million points is on the screen, and so are its neighbours after a zoom', async () => {
  const spike = { at: 613_377, value: 9 };
  const series = [{ tag: 'loss', seed: 1, count: 1_000_000, noise: 0.1, shape: 'flat' as const, spikes: [spike] }];
  await open({ runs: [{ id: 'a', name: 'a', series }] });
  await panel.settled();
  const { top, bottom } = await inkRows('loss');
  assert.ok(top < 20, `the spike reaches the top of the chart, row ${top}`);
  assert.ok(bottom - top > 150, 'and the noise lies at its bottom');
  const counts = await card('loss').locator('.shown').innerText();
  assert.match(counts, /^\d[\d\u202f]* of 1\u202f000\u202f000 points$/);

  await drag('loss', 0.612, 0.632);
  await panel.settled();
  const zoomed = await inkRows('loss');
  assert.ok(zoomed.top < 20, 'the spike is still there');
  const x = Number((await legendAt('loss', 0.5)).match(/step ([\d\u202f]+)/)![1]!.replaceAll('\u202f', ''));
  assert.ok(x > 600_000 && x < 640_000, `zoomed to step ${x}`);
});

test('all charts zoom together, and a double click shows everything', async () => {
  await open({});
  await panel.settled();
  await drag('train/loss', 0.25, 0.5);
  assert.equal(await panel.frame.locator('.reset-zoom').count(), 1);
  for (const tag of ['train/loss', 'train/grad_norm']) {
    const step = Number((await legendAt(tag, 0.02)).match(/step ([\d\u202f]+)/)![1]!.replaceAll('\u202f', ''));
    assert.ok(step > 750 && step < 1000, `${tag} begins at step ${step}`);
  }
  await plot('train/grad_norm').dblclick({ position: { x: 200, y: 100 } });
  await panel.page.waitForTimeout(300);
  assert.equal(await panel.frame.locator('.reset-zoom').count(), 0);
});

test('the cursor is in all charts, and its legend is sorted with exact values', async () => {
  await open({});
  await panel.settled();
  const text = await legendAt('train/lr', 0.5);
  assert.match(text, /^step 1\u202f7\d\d/);
  const values = [...text.matchAll(/0\.000\d+/g)].map(([value]) => Number(value));
  assert.ok(values.length >= 3);
  const other = await plot('train/loss')
    .locator('canvas.overlay')
    .evaluate((element) => {
      const canvas = element as HTMLCanvasElement;
      return canvas
        .getContext('2d')!
        .getImageData(0, 0, canvas.width, canvas.height)
        .data.some((value) => value > 0);
    });
  assert.ok(other, 'the other chart has the cursor too');
  assert.equal(await plot('train/loss').locator('.legend').isVisible(), false);
});

test('the legend stays in sight, wherever the cursor is', async () => {
  await open({ runs: runs(12) }, { width: 900, height: 500 });
  await panel.settled();
  const sight = (await panel.frame.locator('.charts').boundingBox())!;
  for (const share of [0.02, 0.45, 0.55, 0.98]) {
    await legendAt('train/loss', share);
    const box = (await plot('train/loss').locator('.legend').boundingBox())!;
    assert.ok(box.x >= sight.x && box.x + box.width <= sight.x + sight.width, `${share}: ${JSON.stringify(box)}`);
    assert.ok(box.y >= sight.y && box.y + box.height <= sight.y + sight.height, `${share}: ${JSON.stringify(box)}`);
  }
});

test('a click on a run isolates it, the eye hides it', async () => {
  await open({});
  await panel.settled();
  const lines = await inkRows('train/loss');
  const list = panel.frame.getByRole('listbox', { name: 'Runs' });
  await list.getByRole('option').nth(1).click();
  await panel.page.waitForTimeout(300);
  await drawnRuns('1 of 3 runs drawn');
  const isolated = await inkRows('train/loss');
  assert.ok(isolated.pixels < lines.pixels);
  await list.getByRole('option').nth(1).click();
  await list.getByRole('option').nth(0).hover();
  await panel.frame.getByRole('button', { name: 'Hide meanflow-0' }).click();
  await drawnRuns('2 of 3 runs drawn');
  const legend = await legendAt('train/loss', 0.5);
  assert.ok(!legend.includes('meanflow-0'));
});

test('everything goes by keyboard', async () => {
  await open({});
  await panel.settled();
  const chart = plot('train/loss');
  await chart.focus();
  const { keyboard } = panel.page;
  await keyboard.press('ArrowRight');
  await keyboard.press('ArrowRight');
  const legend = await chart.locator('.legend').innerText();
  assert.match(legend, /step/);
  await panel.frame.locator('[role="status"].sr-only', { hasText: /^step .*meanflow-0 \d\.\d+/ }).waitFor();
  await keyboard.press('+');
  await panel.frame.locator('.reset-zoom').waitFor();
  await keyboard.press('0');
  await panel.frame.locator('.reset-zoom').waitFor({ state: 'detached' });
  await keyboard.press('Enter');
  await panel.frame.locator('.card.full').waitFor();
  assert.equal(await panel.frame.locator('.card').count(), 1);
  await plot('train/loss').focus();
  await keyboard.press('Escape');
  await panel.frame.locator('.card.full').waitFor({ state: 'detached' });
  const list = panel.frame.getByRole('listbox', { name: 'Runs' });
  await list.focus();
  await keyboard.press('ArrowDown');
  await keyboard.press('Space');
  await drawnRuns('2 of 3 runs drawn');
  await keyboard.press('Enter');
  await drawnRuns('1 of 3 runs drawn');
});

test('a chart grows while its run logs, and a new tag gets a chart', async () => {
  await open({ runs: [{ id: 'a', name: 'a', status: 'running', series: [{ tag: 'loss', seed: 1, count: 100 }] }] });
  await panel.settled();
  assert.match(await card('loss').locator('.shown').innerText(), /100 of 100 points/);
  await panel.command({ do: 'append', runId: 'a', tag: 'loss', points: 50 });
  await card('loss').locator('.shown', { hasText: '150 of 150 points' }).waitFor();
  for (let i = 0; i < 20; i++) await panel.command({ do: 'append', runId: 'a', tag: 'loss', points: 10 });
  await card('loss').locator('.shown', { hasText: '350 of 350 points' }).waitFor();
  await panel.command({ do: 'addTag', runId: 'a', series: { tag: 'eval/accuracy', seed: 2, count: 3 } });
  await card('eval/accuracy').locator('.shown', { hasText: '3 of 3 points' }).waitFor();
});

test('smoothing and axes change the chart, and what is set up survives a reload', async () => {
  await open({});
  await panel.settled();
  const raw = await inkRows('train/loss');
  await panel.frame.locator('#smoothing').evaluate((element) => {
    const input = element as HTMLInputElement;
    input.value = '140';
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await panel.page.waitForTimeout(500);
  assert.match(await legendAt('train/loss', 0.5), /smoothed/);
  assert.notEqual((await inkRows('train/loss')).pixels, raw.pixels);
  await panel.frame.getByText('Log y').click();
  await panel.frame.getByText('Log x').click();
  await panel.settled();
  assert.ok((await inkRows('train/loss')).pixels > 500, 'the curve is drawn on log axes');
  await panel.frame.getByText('Log x').click();
  await drag('train/loss', 0.3, 0.6);
  await panel.frame.locator('#tag-filter').locator('input').fill('train');
  await panel.frame.getByRole('option').nth(2).click();
  await panel.page.waitForTimeout(800);

  await panel.reload();
  await panel.settled();
  assert.equal(await panel.frame.locator('.reset-zoom').count(), 1);
  assert.equal(await panel.frame.locator('.group').count(), 1);
  await drawnRuns('1 of 3 runs drawn');
  assert.match(await panel.frame.locator('.smoothing output').innerText(), /^0\.9/);
  assert.equal(
    await panel.frame
      .locator('vscode-checkbox', { hasText: 'Log y' })
      .evaluate((box) => (box as HTMLInputElement).checked),
    true,
  );
  assert.match(await legendAt('train/loss', 0.5), /smoothed/);
});

test('an invalid filter says so and hides nothing', async () => {
  await open({});
  await panel.settled();
  await panel.frame.locator('#tag-filter').locator('input').fill('loss(');
  await panel.frame.getByRole('alert').getByText('Not a regular expression').waitFor();
  assert.ok((await panel.frame.locator('.card').count()) >= 4);
  await panel.frame.locator('#tag-filter').locator('input').fill('nothing like this');
  await panel.frame.getByText('No chart matches').waitFor();
  await panel.frame.getByText('Clear the filter').click();
  await card('train/loss').waitFor();
});

test('a chart is saved as a picture and as all of its exact points', async () => {
  await open({ runs: [{ id: 'a', name: 'one', series: [{ tag: 'train/loss', seed: 1, count: 60_000, noise: 0.3 }] }] });
  await panel.settled();
  await card('train/loss').hover();
  await card('train/loss').getByRole('button', { name: 'Save points (CSV)' }).click();
  await card('train/loss').getByText('Points saved.').waitFor();
  await card('train/loss').getByRole('button', { name: 'Save picture (PNG)' }).click();
  await card('train/loss').getByText('Picture saved.').waitFor();
  const saved = (await panel.command({ do: 'saved' })) as SavedFile[];
  assert.deepEqual(
    saved.map((file) => file.name),
    ['train_loss.csv', 'train_loss.png'],
  );
  const [csv, png] = saved.map((file) => Buffer.from(Object.values(file.bytes)));
  const lines = csv!.toString('utf8').trimEnd().split('\r\n');
  assert.equal(lines.length, 60_001);
  assert.match(lines[60_000]!, /^a,one,59999,/);
  assert.deepEqual([...png!.subarray(0, 4)], [137, 80, 78, 71]);
});

test('the table has the exact values, in pages', async () => {
  await open({ runs: [{ id: 'a', name: 'one', series: [{ tag: 'loss', seed: 1, count: 250, nans: [249] }] }] });
  await panel.settled();
  await card('loss').hover();
  await card('loss').getByRole('button', { name: 'Table of values' }).click();
  const table = card('loss').getByRole('table');
  await table.getByText('NaN').waitFor();
  assert.match(await card('loss').locator('.pager').innerText(), /151–250 of 250/);
  await card('loss').locator('.pager').getByText('First').click();
  await card('loss').locator('.pager', { hasText: '1–100 of 250' }).waitFor();
  assert.equal(await table.getByRole('row').count(), 101);
  assert.match(await card('loss').locator('footer').innerText(), /1 not finite/);
});

test('when the worker is lost the panel says so, keeps what it has, and goes on when it is back', async () => {
  await open({});
  await panel.settled();
  await panel.command({ do: 'fail', method: 'series.query', message: 'The worker has gone away.' });
  await panel.command({ do: 'worker', connected: false, message: 'The worker has gone away.' });
  await panel.frame.getByRole('alert').getByText('What is drawn is the last that came').waitFor();
  assert.ok((await inkRows('train/loss')).pixels > 500);
  await panel.command({ do: 'append', runId: 'run-0', tag: 'train/loss', points: 10 });
  await card('train/loss').getByText('Restart Worker').waitFor();
  await panel.command({ do: 'fail', method: 'series.query', message: null });
  await panel.command({ do: 'worker', connected: true, message: '' });
  await card('train/loss').getByText('Restart Worker').waitFor({ state: 'detached' });
  await panel.frame.locator('.banner').waitFor({ state: 'detached' });
});

test('a panel that cannot be opened says why and tries again', async () => {
  await open({ fails: { 'panel.init': 'The background worker could not be started.' } });
  await panel.frame.getByText('The background worker could not be started.').waitFor();
  await panel.command({ do: 'fail', method: 'panel.init', message: null });
  await panel.frame.getByText('Try again').click();
  await panel.settled();
});

test('a change of theme recolours charts at once', async () => {
  await open({});
  await panel.settled();
  const colours = async () =>
    panel.frame.evaluate(() => {
      const style = getComputedStyle(document.documentElement);
      return [style.getPropertyValue('--ty-line-0'), getComputedStyle(document.body).backgroundColor];
    });
  const dark = await colours();
  const before = await inkRows('train/loss');
  for (const theme of ['light', 'highContrast', 'highContrastLight'] as const satisfies ThemeName[]) {
    await panel.setTheme(theme);
    await panel.page.waitForTimeout(300);
    assert.notDeepEqual(await colours(), dark, theme);
    assert.ok((await inkRows('train/loss')).pixels > before.pixels / 2, theme);
  }
});

test('none, three and one runs have their own look', async () => {
  await open({ runs: [] }, { theme: 'light' });
  await panel.frame.getByText('No runs yet').waitFor();
  await panel.screenshot('metrics-none-light');
  await panel.close();
  await open({ chosen: [] }, { theme: 'dark' });
  await panel.frame.getByText('Show all 3 runs').click();
  await panel.settled();
  await panel.screenshot('metrics-three-dark');
  await panel.close();
  await open({ runs: runs(1) }, { theme: 'highContrast' });
  await panel.settled();
  await panel.screenshot('metrics-one-high-contrast');
});

test('a thousand runs are no burden', async () => {
  await open({ runs: runs(1000, 300) }, { theme: 'dark' });
  await panel.frame.locator('.runs-head', { hasText: '1\u202f000 runs' }).waitFor();
  await card('train/loss').locator('.shown', { hasText: '300\u202f000 points' }).waitFor({ timeout: 60_000 });
  assert.ok((await panel.frame.getByRole('option').count()) < 60, 'only the rows in sight exist');
  await panel.page.waitForTimeout(1500);
  await panel.screenshot('metrics-thousand-dark');
});

test('a screen with two device pixels per CSS pixel gets sharp charts', async () => {
  await open({ runs: runs(2) }, { deviceScaleFactor: 2 });
  await panel.settled();
  const [width, shown] = await plot('train/loss')
    .locator('canvas.lines')
    .evaluate((canvas) => [(canvas as HTMLCanvasElement).width, canvas.clientWidth]);
  assert.equal(width, 2 * shown!);
  assert.ok((await inkRows('train/loss')).pixels > 1000);
});

test('figures of the machine stand in a group of their own, closed at first, and are drawn over time beside steps', async () => {
  const machine = {
    ...runs(1)[0]!,
    system: ['gpu.0.temp', 'cpu'],
    series: [
      { tag: 'train/loss', count: 2000, seed: 1, noise: 0.1 },
      { tag: 'gpu.0.temp', count: 300, seed: 2, noise: 3, level: 60, shape: 'flat' as const },
      { tag: 'cpu', count: 300, seed: 3, noise: 30, level: 50, shape: 'flat' as const },
    ],
  };
  await open({ runs: [machine] });
  await panel.settled();
  assert.equal(await card('cpu').count(), 0);
  await panel.frame.getByRole('button', { name: 'System 2' }).click();
  await card('gpu.0.temp').locator('.shown').waitFor();
  await panel.settled();
  assert.match(await legendAt('train/loss', 0.5), /^\D*1.000/);
  assert.match(await legendAt('gpu.0.temp', 0.5), /3\d(\.\d+)? s/);
  // A zoom into the one leaves the other as it is.
  await plot('gpu.0.temp').focus();
  await panel.page.keyboard.press('+');
  await panel.settled();
  assert.match(await card('train/loss').locator('.shown').innerText(), /of 2.000 points/);
  await panel.screenshot('metrics-system-dark');
  await panel.frame.getByText('Reset zoom').click();
  await panel.frame.locator('.reset-zoom').waitFor({ state: 'detached' });
});
