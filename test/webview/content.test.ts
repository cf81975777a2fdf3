import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { Browser, Locator } from 'playwright-core';
import { launchBrowser } from '../host/workbench.ts';
import { curve, film, gif, histogram, page, table, text, tone } from './host/media.ts';
import { PanelPage, type ThemeName } from './host/panelPage.ts';
import type { MediaSpec, RunSpec } from './host/scenario.ts';

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

async function open(runs: readonly RunSpec[], theme: ThemeName = 'dark', height = 1500): Promise<void> {
  panel = await PanelPage.open(browser, { panel: 'samples', runs }, { theme, height });
}

const run = (id: string, name: string, media: readonly MediaSpec[]): RunSpec => ({ id, name, series: [], media });
const steps = Array.from({ length: 40 }, (_, i) => 100 * i);
const weights = (shrink: number) =>
  steps.map((step) => histogram({ tag: 'weights/layer1', step }, 0.4 * (step / 4000), 1.2 - shrink * (step / 4000)));
const row = (tag: string): Locator => panel.frame.locator(`section[aria-label="${tag}"]`);
const scrubber = () => panel.frame.locator('.scrubber output');

/** How many pixels of a drawing are not the most frequent one: a drawing that is not empty has many. */
async function drawnPixels(canvas: Locator): Promise<number> {
  return canvas.evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    const { data } = (element as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
    let drawn = 0;
    for (let at = 3; at < data.length; at += 4) if (data[at]! > 0) drawn++;
    return drawn;
  });
}

const report = `## Evaluation at step 3900

The *second* stage is **better**: \`loss\` fell to 0.031, see [the notes](https://example.org/notes).

| split | loss | accuracy |
|---|---|---|
| train | 0.031 | 0.991 |
| held out | 0.047 | 0.984 |

- seeds 1, 2 and 3 agree
- <script>document.title = 'taken over'</script>

\`\`\`
prompt: "a cat"
\`\`\``;

const predictions = Array.from({ length: 5000 }, (_, i) => [
  `image-${i}`,
  i % 10,
  ((i * 7919) % 1000) / 1000,
  i % 3 === 0 ? null : 'ok',
]);

const lab: readonly RunSpec[] = [
  run('a', 'baseline', [
    ...weights(0.4),
    text({ tag: 'report', step: 3900 }, report),
    table({ tag: 'predictions', step: 3900 }, ['image', 'digit', 'confidence', 'remark'], predictions),
    curve({ tag: 'digits/pr', step: 3900 }, 0.5),
    tone({ tag: 'speech', step: 3900, caption: 'a tone of 440 Hz' }, 440),
    page({ tag: 'attention', step: 3900 }, '<h1 style="color:teal">Attention</h1><p>Layer 3</p>'),
  ]),
  run('b', 'wide-network', [...weights(1), curve({ tag: 'digits/pr', step: 3900 }, 0.85)]),
];

test('all kinds of values stand below one another at one step, and one kind alone when it is chosen', async () => {
  await open(lab);
  await row('weights/layer1').locator('canvas').first().waitFor();
  await row('report').getByRole('table').waitFor();
  const order = await panel.frame
    .locator('section.tag')
    .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
  assert.deepEqual(order, ['speech', 'digits/pr', 'weights/layer1', 'predictions', 'report', 'attention']);
  await panel.page.waitForTimeout(600);
  await panel.screenshot('samples-kinds-dark');
  await panel.frame.locator('vscode-dropdown').click();
  await panel.frame.getByRole('option', { name: 'Tables (1)' }).click();
  await row('report').waitFor({ state: 'detached' });
  assert.equal(await panel.frame.locator('section.tag').count(), 1);
});

test('a histogram is drawn over the steps, and a click on it goes to a step', async () => {
  await open(lab);
  const canvas = row('weights/layer1').locator('canvas').first();
  await canvas.waitFor();
  await panel.frame
    .getByText(/9 ?999 values|10 ?000 values|values from/)
    .first()
    .waitFor();
  await panel.page.waitForTimeout(500);
  assert.ok((await drawnPixels(canvas)) > 20_000);
  assert.match(
    (await canvas.getAttribute('aria-label')) ?? '',
    /baseline, weights\/layer1, step 3.900: .* values from/,
  );
  const box = (await canvas.boundingBox())!;
  // The map of steps begins right of the axis of values.
  await canvas.click({ position: { x: 60, y: box.height / 2 } });
  await scrubber()
    .getByText(/step [0-9]+$/)
    .waitFor();
  assert.match(await scrubber().innerText(), /step (0|100)\b/);
  assert.match(await row('report').innerText(), /first text at step 3.900/);
});

test('Markdown is shown as such, and nothing in it becomes a tag', async () => {
  await open(lab);
  const report = row('report');
  await report.getByRole('heading', { name: 'Evaluation at step 3900' }).waitFor();
  assert.equal(await report.getByRole('cell').count(), 6);
  assert.equal(await report.locator('strong').innerText(), 'better');
  assert.equal(await report.locator('a').getAttribute('href'), 'https://example.org/notes');
  assert.match(await report.locator('li').nth(1).innerText(), /^<script>document\.title/);
  assert.equal(await report.locator('script').count(), 0);
  assert.equal(await report.locator('pre').innerText(), 'prompt: "a cat"');
});

test('a long table makes the rows in sight alone, sorts by a column and is saved as CSV', async () => {
  await open(lab);
  const table = row('predictions');
  await table.getByText('5 000 rows').or(table.getByText('5\u202f000 rows')).waitFor();
  assert.ok((await table.locator('tbody tr').count()) < 60);
  await table.locator('.table-view').evaluate((element) => {
    element.scrollTop = element.scrollHeight;
  });
  await table.getByText('image-4999').waitFor();
  await table.locator('.table-view').evaluate((element) => {
    element.scrollTop = 0;
  });
  await table.getByRole('button', { name: 'confidence' }).click();
  await table.getByRole('button', { name: 'confidence' }).click();
  await table.locator('th[aria-sort="descending"]').waitFor();
  await panel.page.waitForTimeout(100);
  assert.equal(await table.locator('tbody td.number').nth(1).innerText(), '0.999');
  await table.getByRole('button', { name: 'Save to a file' }).click();
  await panel.page.waitForTimeout(300);
  const [saved] = (await panel.command({ do: 'saved' })) as { name: string; bytes: Record<string, number> }[];
  assert.equal(saved?.name, 'baseline-predictions-step-3900.csv');
  const content = Buffer.from(Object.values(saved!.bytes)).toString();
  assert.match(content, /^image,digit,confidence,remark\r\nimage-0,0,0,\r\nimage-1,1,0\.919,ok\r\n/);
  assert.equal(content.trimEnd().split('\r\n').length, 5001);
});

test('pictures in cells of a table are shown when their rows come into sight', async () => {
  const rows = Array.from({ length: 200 }, (_, i) => [i, { file: `files/${i % 20}.png` }, i % 10]);
  await open(
    [run('a', 'a', [table({ tag: 'predictions', step: 1 }, ['number', 'image', 'guess'], rows)])],
    'dark',
    900,
  );
  const images = row('predictions').locator('ty-cell-image img');
  await images.first().waitFor();
  const red = await images.nth(3).evaluate(async (element) => {
    const image = element as HTMLImageElement;
    await image.decode();
    const context = new OffscreenCanvas(1, 1).getContext('2d')!;
    context.drawImage(image, 0, 0, 1, 1);
    return context.getImageData(0, 0, 1, 1).data[0];
  });
  assert.equal(red, 30);
  assert.ok((await images.count()) < 40);
  await panel.screenshot('samples-table-pictures-dark');
});

test('curves of several runs lie in one drawing with their average precision', async () => {
  await open(lab);
  const curves = row('digits/pr');
  await curves.getByText('wide-network').waitFor();
  await curves
    .getByText(/average precision 0\.\d+/)
    .nth(1)
    .waitFor();
  const [first, second] = await curves.locator('.curve-legend .muted').allInnerTexts();
  const precision = (line: string | undefined) => Number(/precision (\S+)/.exec(line ?? '')?.[1]);
  assert.ok(precision(second) > precision(first), `${first} ${second}`);
  assert.ok((await drawnPixels(curves.locator('canvas'))) > 2000);
});

test('sound plays, and a logged page stands in a frame that may do nothing', async () => {
  await open(lab);
  const audio = row('speech').locator('audio');
  await audio.waitFor();
  const seconds = await audio.evaluate(
    (element) =>
      new Promise<number>((resolve) => {
        const player = element as HTMLAudioElement;
        if (player.readyState > 0) resolve(player.duration);
        else player.addEventListener('loadedmetadata', () => resolve(player.duration));
      }),
  );
  assert.equal(seconds, 0.5);
  const frame = row('attention').locator('iframe');
  assert.equal(await frame.getAttribute('sandbox'), '');
  await row('attention').frameLocator('iframe').getByRole('heading', { name: 'Attention' }).waitFor();
});

test('a run that goes on logging does not take the sound away that is playing', async () => {
  const images = [{ tag: 'samples', steps: [3900] }];
  await open([{ ...lab[0]!, images }]);
  const audio = row('speech').locator('audio');
  await audio.waitFor();
  const address = await audio.getAttribute('src');
  const calls = async () => ((await panel.command({ do: 'calls' })) as Record<string, number>)['media.list'] ?? 0;
  const before = await calls();
  await panel.command({ do: 'addImage', runId: 'a', tag: 'samples', step: 4000 });
  await scrubber().getByText('step 4').waitFor();
  while ((await calls()) === before) await panel.page.waitForTimeout(50);
  await panel.page.waitForTimeout(500);
  assert.equal(await audio.getAttribute('src'), address);
});

test('a script in a logged page does not run, which is said', async () => {
  const hostile = '<p id="p">as logged</p><script>document.getElementById("p").textContent = "ran"</script>';
  await open([run('a', 'a', [page({ tag: 'figure', step: 1 }, hostile)])]);
  await row('figure').getByText('The page has scripts, which do not run here').waitFor();
  await row('figure').frameLocator('iframe').getByText('as logged').waitFor();
  // The browser says so, too.
  assert.ok(
    panel.errors.every((error) => /Blocked script execution|Content Security Policy|script-src/.test(error)),
    panel.errors.join('\n'),
  );
  panel.errors.length = 0;
});

test('what cannot be read or understood is said where it would stand', async () => {
  const damaged: MediaSpec = {
    ...table({ tag: 'broken', step: 1 }, [], []),
    base64: Buffer.from('{"columns"').toString('base64'),
  };
  await open([run('a', 'a', [damaged, { tag: 'mesh', kind: 'other', step: 1, mime: 'model/gltf', base64: 'AAAA' }])]);
  await row('broken').getByRole('alert').waitFor();
  await row('mesh').getByText('model/gltf: cannot be shown here').waitFor();
});

for (const theme of ['light', 'highContrast', 'highContrastLight'] as const) {
  test(`all kinds have the look of the theme ${theme}`, async () => {
    await open(lab, theme);
    await row('attention').frameLocator('iframe').getByRole('heading').waitFor();
    await panel.page.waitForTimeout(700);
    await panel.screenshot(`samples-kinds-${theme}`);
    await row('predictions').scrollIntoViewIfNeeded();
  });
}

test('films play in the browser’s own player, animated GIFs as pictures, and a damaged one says so', async () => {
  const broken = { ...film({ tag: 'broken', step: 10 }), base64: Buffer.from('no film at all').toString('base64') };
  const films = [film({ tag: 'rollout', step: 10 }), gif({ tag: 'episode', step: 10 }), broken];
  await open([run('a', 'agent', films)]);
  const player = row('rollout').locator('video');
  await player.waitFor();
  const [size, colours] = await player.evaluate(async (element) => {
    const video = element as HTMLVideoElement;
    const colourAt = async (seconds: number): Promise<string> => {
      const arrived = new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
      video.currentTime = seconds;
      await arrived;
      const context = new OffscreenCanvas(1, 1).getContext('2d')!;
      context.drawImage(video, 0, 0, 8, 8, 0, 0, 1, 1);
      const [red = 0, , blue = 0] = context.getImageData(0, 0, 1, 1).data;
      return red > blue ? 'red' : 'blue';
    };
    if (video.readyState < 2)
      await new Promise((resolve) => video.addEventListener('loadeddata', resolve, { once: true }));
    return [`${video.videoWidth} × ${video.videoHeight}`, [await colourAt(0.1), await colourAt(1)]];
  });
  assert.deepEqual([size, colours], ['64 × 48', ['red', 'blue']]);
  await player.evaluate((element) => (element as HTMLVideoElement).play());
  await panel.page.waitForFunction(
    (element) => (element as HTMLVideoElement).currentTime > 0.2,
    await player.elementHandle(),
  );
  const picture = row('episode').locator('ty-player img');
  await picture.waitFor();
  assert.equal(
    await picture.evaluate((element) =>
      (element as HTMLImageElement).decode().then(() => (element as HTMLImageElement).naturalWidth),
    ),
    1,
  );
  assert.match(
    await row('broken').getByRole('alert').innerText(),
    /cannot be played: .*video\/webm, or the file is damaged/,
  );
});
