import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../host/workbench.ts';
import { PanelPage } from './host/panelPage.ts';
import type { RunSpec, Scenario } from './host/scenario.ts';

let browser: Browser;
let panel: PanelPage;

before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());
afterEach(async () => {
  const { errors } = panel;
  await panel.close();
  assert.deepEqual(errors, []);
});

const steps = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + 10 * i);
const samples: RunSpec[] = [
  { id: 'a', name: 'meanflow-dit', series: [], images: [{ tag: 'samples', steps: steps(6), caption: 'one step' }] },
  { id: 'b', name: 'meanflow-unet-with-a-long-name', series: [], images: [{ tag: 'samples', steps: [5, 25] }] },
  { id: 'c', name: 'late', series: [], images: [{ tag: 'samples', steps: [45], perStep: 2 }] },
];

async function open(
  scenario: Partial<Scenario> = {},
  theme: 'dark' | 'light' | 'highContrast' = 'dark',
): Promise<void> {
  panel = await PanelPage.open(browser, { panel: 'samples', runs: samples, ...scenario }, { theme });
}

const scrubber = () => panel.frame.locator('.scrubber output');
const cell = (name: string) => panel.frame.locator('figure', { hasText: name });

/** Red of the image's first pixel: the made-up images are five times their step there. */
async function redOf(name: string): Promise<number> {
  const image = cell(name).locator('img').first();
  await image.waitFor();
  return image.evaluate(async (element) => {
    const img = element as HTMLImageElement;
    await img.decode();
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 1;
    const ctx = canvas.getContext('2d')!;
    ctx.drawImage(img, 0, 0, 1, 1);
    return ctx.getImageData(0, 0, 1, 1).data[0]!;
  });
}

test('runs stand side by side at one step, each with its nearest earlier image named', async () => {
  await open();
  await scrubber().getByText('step 50').waitFor();
  assert.equal(await redOf('meanflow-dit'), 250);
  assert.equal(await redOf('unet'), 125);
  assert.match(await cell('unet').locator('.other-step').innerText(), /step 25/);
  assert.equal(await cell('meanflow-dit').locator('.other-step').count(), 0);
  assert.equal(await cell('late').locator('img').count(), 2);
  await panel.screenshot('samples-three-dark');
});

test('the keyboard scrubs, and a run without an image that early says when it begins', async () => {
  await open();
  await scrubber().getByText('step 50').waitFor();
  await panel.frame.locator('.samples').click({ position: { x: 900, y: 300 } });
  await panel.page.keyboard.press('Home');
  await scrubber().getByText('step 0').waitFor();
  assert.match(await cell('late').innerText(), /first image at step 45/);
  await panel.page.keyboard.press('ArrowRight');
  await panel.page.keyboard.press('ArrowRight');
  await scrubber().getByText('step 10').waitFor();
  await panel.page.waitForTimeout(200);
  assert.equal(await redOf('meanflow-dit'), 50);
  await panel.page.keyboard.press('End');
  await scrubber().getByText('step 50').waitFor();
});

test('a new step comes into sight while following, and does not disturb otherwise', async () => {
  await open();
  await scrubber().getByText('6 of').or(scrubber().getByText('9 of 9')).waitFor();
  await panel.command({ do: 'addImage', runId: 'a', tag: 'samples', step: 60 });
  await scrubber().getByText('step 60').waitFor();
  await panel.page.waitForTimeout(300);
  assert.equal(await redOf('meanflow-dit'), 300 % 256);
  await panel.frame.getByText('Follow latest').click();
  await panel.command({ do: 'addImage', runId: 'a', tag: 'samples', step: 70 });
  await scrubber().getByText('of 11').waitFor();
  assert.match(await scrubber().innerText(), /step 60/);
});

test('full size opens by click and Enter, moves over steps and runs, and closes with Escape', async () => {
  await open();
  await redOf('meanflow-dit');
  await cell('meanflow-dit').getByRole('button').click();
  const dialog = panel.frame.getByRole('dialog');
  await dialog.getByText('meanflow-dit, samples, step 50').waitFor();
  await panel.page.keyboard.press('ArrowLeft');
  await panel.page.keyboard.press('ArrowLeft');
  await dialog.getByText('step 40').waitFor();
  await panel.page.keyboard.press('ArrowDown');
  await dialog.getByText('unet-with-a-long-name, samples, step 25').waitFor();
  await panel.page.keyboard.press('+');
  await dialog.getByText('150 %').waitFor();
  await panel.screenshot('samples-full-dark');
  await panel.page.keyboard.press('Escape');
  // A dialog that is closed has no role any more, but its close event is still to come: only the element's end is the end.
  await panel.frame.locator('ty-full-size').waitFor({ state: 'detached' });
  await cell('meanflow-dit').getByRole('button').focus();
  await panel.page.keyboard.press('Enter');
  await dialog.getByText('meanflow-dit').waitFor();
});

test('the step, the size and the filter survive a reload', async () => {
  await open();
  await scrubber().getByText('step 50').waitFor();
  await panel.frame.locator('#step').evaluate((element) => {
    const input = element as HTMLInputElement;
    input.value = '2';
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
  await panel.frame.getByText('Sharp pixels').click();
  await panel.page.waitForTimeout(700);
  await panel.reload();
  await scrubber().getByText('step 10').waitFor();
  assert.equal(await panel.frame.locator('.samples.pixelated').count(), 0);
});

test('a lost worker and an unreadable image are said, and a retry helps', async () => {
  await open({ fails: { 'media.read': 'The image is gone.' } });
  await cell('meanflow-dit').locator('.broken').waitFor();
  assert.match(
    (await cell('meanflow-dit').locator('.broken').getAttribute('title')) ?? '',
    /The image is gone\. Run "Trainyard: Restart Worker"/,
  );
  await panel.command({ do: 'worker', connected: false, message: 'The worker stopped.' });
  await panel.frame.getByRole('alert').getByText('The worker stopped.').waitFor();
  await panel.command({ do: 'fail', method: 'media.read', message: null });
  await panel.command({ do: 'worker', connected: true, message: '' });
  await panel.frame.locator('.banner').waitFor({ state: 'detached' });
  await redOf('meanflow-dit');
});

test('without runs, without images and in other themes the panel has its own look', async () => {
  await open({ runs: [] }, 'light');
  await panel.frame.getByText('No runs yet').waitFor();
  await panel.close();
  await open({ runs: [{ id: 'a', name: 'a', series: [] }] }, 'highContrast');
  await panel.frame.getByText('No samples yet').waitFor();
  await panel.close();
  await open({}, 'highContrast');
  await redOf('meanflow-dit');
  await panel.screenshot('samples-three-high-contrast');
  await panel.close();
  await open({}, 'light');
  await redOf('meanflow-dit');
  await panel.screenshot('samples-three-light');
});
