import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { Frame } from 'playwright-core';
import { chapter, type LabWindow, mnist, openLab, themes, until } from './lab.ts';
import { FormTyper, launchTraining } from './launchForm.ts';

// A real recipe, small enough to take a stop, a resume and a look at its samples within a minute or two on two cores.
const settings = [
  `data=${mnist}`,
  'steps=20000',
  'stepsPerRun=5',
  'batchSize=16',
  'network.width=32',
  'network.layers=1',
  'network.heads=2',
  'sampleEvery=50',
  'checkpointEvery=50',
  'samples.count=16',
];

let lab: LabWindow;

before(async () => {
  lab = await openLab();
});

after(async () => {
  await lab?.dispose();
});

/** Text of the chart of a tag in the metrics panel: how many points of how many it draws. */
async function pointsOf(metrics: Frame, tag: string): Promise<number> {
  const text = (await metrics.locator(`section.card[aria-label="${tag}"] footer`).textContent()) ?? '';
  const counts = [...text.matchAll(/\d[\d\s\u00a0\u202f,.]*/g)].map(([digits]) => Number(digits.replace(/\D/g, '')));
  return counts.at(-1) ?? 0;
}

/** What the first sample on the screen shows, as the text of a PNG. */
async function pixelsOf(samples: Frame): Promise<string> {
  return samples
    .locator('ty-sample-image img')
    .first()
    .evaluate((element) => {
      const image = element as HTMLImageElement;
      const canvas = document.createElement('canvas');
      [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
      canvas.getContext('2d')?.drawImage(image, 0, 0);
      return canvas.toDataURL();
    });
}

test('a training run, from the palette to the experiment log', { timeout: 480_000 }, async (t) => {
  const { workbench } = lab;

  await chapter(t, lab, 'Launch Training starts a run that appears in the tree', async () => {
    await workbench.openContainer('Trainyard');
    await launchTraining(workbench, { recipe: 'meanflow', overrides: settings, device: 'cpu', name: 'digits-1' });
    await workbench.treeRow(/^digits-1, running/).waitFor({ timeout: 60_000 });
    await workbench.screenshot('run-in-the-tree');
  });

  await chapter(t, lab, 'its loss curve grows while it trains', async () => {
    const metrics = await workbench.openMetrics(/^digits-1/, 'section.card[aria-label="train/loss"]');
    await until('the first points', async () => (await pointsOf(metrics, 'train/loss')) > 0);
    const first = await pointsOf(metrics, 'train/loss');
    await until('more points', async () => (await pointsOf(metrics, 'train/loss')) > first);
    await workbench.screenshot('metrics-dark');
  });

  await chapter(t, lab, 'its samples change as it learns', async () => {
    await workbench.command('Trainyard: Show Samples');
    const samples = await workbench.webview('ty-sample-image img');
    const first = await pixelsOf(samples);
    await until('another picture', async () => (await pixelsOf(samples)) !== first);
    await workbench.screenshot('samples-dark');
  });

  await chapter(t, lab, 'Stop ends it with a checkpoint', async () => {
    await workbench.command('Trainyard: Stop');
    await workbench.treeRow(/^digits-1, stopped/).waitFor();
    assert.match(lab.cli('checkpoints', '--json'), /digits-1/);
  });

  await chapter(t, lab, 'its last checkpoint draws samples and becomes a model', async () => {
    await workbench.treeRow(/^digits-1, stopped/).click();
    await workbench.command('Trainyard: Draw Samples');
    await workbench.pick(/last/);
    await workbench.answer('Seed', '7');
    await workbench.page.locator('.tab', { hasText: /^digits-1_step_\d+_seed_7\.png$/ }).waitFor();
    await workbench.screenshot('drawn-samples');
    await workbench.command('Trainyard: Export as ONNX');
    await workbench.pick(/last/);
    await until('the model', () => lab.read('runs/digits-1/exported/last.onnx') !== '');
    assert.deepEqual(lab.read('runs/digits-1/exported/last.onnx'), lab.read('runs/digits-1/model.onnx'));
  });

  await chapter(
    t,
    lab,
    'Launch Training finds a table in the folder, and Evaluate Checkpoint shows what was learnt',
    async () => {
      const rows = Array.from({ length: 240 }, (_, i) => `${i % 3},${(i * 7) % 11},${['a', 'b', 'c'][i % 3]}`);
      writeFileSync(path.join(lab.folder, 'kinds.csv'), ['one,two,kind', ...rows].join('\n'));
      const form = new FormTyper(workbench);
      await workbench.command('Trainyard: Launch Training');
      await form.choose('What to train', 'tabular');
      await form.choose('Configuration to begin with', 'Defaults');
      await form.asks('key=value');
      await workbench.quickRow('Choose data').waitFor();
      await form.press('Enter');
      await workbench.quickRow('data=kinds.csv').waitFor();
      await workbench.screenshot('found-data');
      await form.press('Enter');
      await workbench.quickRow(/Choose target.*There is no "target" in kinds\.csv/).waitFor();
      await form.press('Enter');
      await workbench.quickRow(/target=one.*0/).waitFor();
      await workbench.screenshot('offered-columns');
      await form.type('target=knd', /Did you mean kind/);
      await form.type('target=ki', /target=kind.*a/);
      await form.press('Enter');
      // The list is drawn anew after every change, and what is typed before that is lost.
      await workbench.quickRow(/Continue.*2 changed/).waitFor();
      await form.choose('key=value', 'steps=40', 'Set steps=40');
      await workbench.quickRow(/Continue.*3 changed/).waitFor();
      await form.press('Enter');
      await form.choose('Device to train on', 'cpu');
      await workbench.answer('Name of the run', 'kinds-1');
      await form.asks('Start kinds-1?');
      await form.press('Enter');
      await workbench.treeRow(/^kinds-1, finished/).click({ timeout: 60_000 });
      await workbench.command('Trainyard: Evaluate Checkpoint');
      await workbench.pick(/last · step 40/);
      await workbench.page.locator('.tab', { hasText: 'kinds-1 step 40' }).waitFor();
      await workbench.screenshot('measured-checkpoint');
      await workbench.command('View: Close Editor');
    },
  );

  await chapter(t, lab, 'Resume From Checkpoint goes on as a new run', async () => {
    await workbench.treeRow(/^digits-1, stopped/).click();
    await workbench.command('Trainyard: Resume From Checkpoint');
    await workbench.pick(/last/);
    await workbench.treeRow(/^digits-2, running/).waitFor({ timeout: 60_000 });
    const { runs } = JSON.parse(lab.cli('runs', '--json')) as {
      runs: { name: string; resumedFrom?: string; progress: { step: number } }[];
    };
    const resumed = runs.find((run) => run.resumedFrom !== undefined);
    assert.ok(resumed !== undefined, 'no run says that it goes on from another');
    assert.ok(resumed.progress.step >= 50, `it goes on from step ${resumed.progress.step}`);
    await workbench.screenshot('resumed');
  });

  await chapter(t, lab, 'the command line and the window share the worker', async () => {
    const { runs } = JSON.parse(lab.cli('runs', '--status', 'running', '--json')) as {
      runs: { id: string; name: string }[];
    };
    assert.equal(runs.length, 1);
    lab.cli('stop', runs[0]!.id);
    await workbench.treeRow(new RegExp(`^${runs[0]!.name}, stopped`)).waitFor();
  });

  await chapter(t, lab, 'Log Conclusion writes it into the experiment log', async () => {
    await workbench.treeRow(/^digits-1, stopped/).click();
    await workbench.command('Trainyard: Log Conclusion');
    await workbench.answer('Title of the entry', 'One step from noise to digits');
    await workbench.answer('What was learnt', 'The loss falls and the samples take shape.');
    await workbench.pick('Phase 2: One-step samples');
    await until('the entry in the file', () => /One step from noise to digits/.test(lab.read('EXPERIMENT_LOG.md')));
    assert.match(lab.read('EXPERIMENT_LOG.md'), /The loss falls and the samples take shape\./);
    await workbench.page.locator('.tab', { hasText: 'EXPERIMENT_LOG.md' }).waitFor();
    await workbench.screenshot('experiment-log');
  });

  await chapter(t, lab, 'panels and their state survive a reload of the window', async () => {
    await workbench.reload();
    await workbench.treeRow(/^digits-1, stopped/).waitFor();
    await workbench.page.locator('.tab', { hasText: 'Metrics' }).first().click();
    const metrics = await workbench.webview('section.card[aria-label="train/loss"]');
    await until('the points again', async () => (await pointsOf(metrics, 'train/loss')) > 0);
  });

  for (const name of ['light', 'contrast'] as const) {
    await chapter(t, lab, `the ${name} theme`, async () => {
      lab.server.writeSettings({ 'workbench.colorTheme': themes[name] });
      await workbench.reload();
      await workbench.page
        .locator({ light: '.monaco-workbench.vs', contrast: '.monaco-workbench.hc-black' }[name])
        .waitFor();
      // VS Code writes down which tab is in front only now and then, so another one may be after a reload.
      await workbench.page.locator('.tab', { hasText: 'Metrics' }).first().click();
      const metrics = await workbench.webview('section.card[aria-label="train/loss"]');
      await until('the points again', async () => (await pointsOf(metrics, 'train/loss')) > 0);
      await workbench.screenshot(`metrics-${name}`);
    });
  }
});
