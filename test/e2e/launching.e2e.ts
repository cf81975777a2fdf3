import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { makeSample, type SampleProject } from '../fixtures/sampleProject.ts';
import { chapter, type LabWindow, openLab, themes } from './lab.ts';
import { FormTyper } from './launchForm.ts';

let lab: LabWindow;
let sample: SampleProject;

before(async () => {
  sample = makeSample('genomic-lm', { git: true });
  lab = await openLab({ folder: sample.folder });
});

after(async () => {
  await lab?.dispose();
  sample?.dispose();
});

const asks = (placeholder: string): Promise<void> => new FormTyper(lab.workbench).asks(placeholder);
const press = (...keys: readonly string[]): Promise<void> => new FormTyper(lab.workbench).press(...keys);
const type = (text: string, row: string | RegExp): Promise<void> => new FormTyper(lab.workbench).type(text, row);

test('the repository’s own Hydra program, launched with the keyboard alone', { timeout: 300_000 }, async (t) => {
  const { workbench } = lab;

  await chapter(t, lab, 'Launch Training lists the entry points of the repository', async () => {
    await workbench.openContainer('Trainyard');
    await workbench.command('Trainyard: Launch Training');
    await asks('What to train');
    await workbench.quickRow(/train\.py/).waitFor();
    await workbench.screenshot('launch-entrance');
    await type('glm_experiments/train.py', /@hydra|hydra/i);
    await press('Enter');
  });

  await chapter(t, lab, 'its config groups and keys are offered with their values', async () => {
    await asks('Choose parts of the configuration');
    await type('trainer', /cpu|gpu/);
    await workbench.screenshot('launch-groups');
    await press('Enter');
    await asks('Option of trainer');
    await type('cpu', 'cpu');
    await press('Enter');
    await asks('Choose parts of the configuration');
    await workbench.quickInput.fill('');
    await press('Enter');
    await asks('key=value');
    await type('trainer.max_epoch=2', /Did you mean trainer\.max_epochs/);
    await workbench.screenshot('launch-keys');
    await type('trainer.max_epochs=2', /Set trainer\.max_epochs=2/);
    await press('Enter');
    await workbench.quickRow(/Continue/).waitFor();
    await press('Enter');
  });

  await chapter(t, lab, 'the target says what is free, and one can go back and forth', async () => {
    await asks('Where to run');
    await workbench.quickRow(/processors/).waitFor();
    await workbench.page.keyboard.press('Control+Alt+Minus');
    await asks('key=value');
    await workbench.quickRow(/trainer\.max_epochs=2/).waitFor();
    await press('Enter');
    await asks('Where to run');
    await press('Enter');
    await asks('GPUs of this machine');
    await type('No GPU', 'No GPU');
    await press('Enter');
    await workbench.answer('Name of the run', 'hydra-1');
  });

  await chapter(t, lab, 'what is shown is what runs', async () => {
    await asks('Start hydra-1?');
    await workbench.quickRow(/trainer\.max_epochs=2/).waitFor();
    await workbench.screenshot('launch-command-preview');
    await press('Enter');
    await workbench.treeRow(/^hydra-1, finished/).waitFor({ timeout: 90_000 });
    const { runs } = JSON.parse(lab.cli('runs', '--json')) as { runs: { name: string; path: string }[] };
    const run = runs.find(({ name }) => name === 'hydra-1');
    assert.ok(run !== undefined, 'the command line does not know the run');
    const record = JSON.parse(readFileSync(path.join(run.path, 'launch.json'), 'utf8')) as { command: string[] };
    assert.ok(record.command.includes('trainer.max_epochs=2'), record.command.join(' '));
    await workbench.screenshot('launched-command');
  });

  await chapter(t, lab, 'an override with several values becomes a sweep with a view of its own', async () => {
    await workbench.command('Trainyard: Launch Training');
    await asks('What to train');
    // The former launch of the same program stands among the recent ones and would go straight to the last step.
    await type('@hydra.main(config_name="train")', /@hydra\.main/);
    await press('Enter');
    await asks('Choose parts of the configuration');
    await press('Enter');
    await asks('key=value');
    await type('-m trainer.max_epochs=1 seed=1,2', /Set trainer\.max_epochs=1 +seed=1,2/);
    await press('Enter');
    await workbench.quickRow(/a sweep over 1 key/).waitFor();
    await press('Enter');
    await asks('Sweep over seed: 1, 2');
    await workbench.screenshot('launch-sweep');
    await press('Enter');
    await workbench.answer('How many trials run at once', '2');
    await asks('Where to run');
    await press('Enter');
    await asks('GPUs of this machine');
    await type('No GPU', 'No GPU');
    await press('Enter');
    await workbench.answer('Name of the sweep', 'seeds');
    await asks('Start 2 trials of seeds');
    await press('Enter');
    await workbench.treeRow(/^Sweep seeds, /).waitFor();
    await workbench.treeRow(/^Sweep seeds, 2\/2 done/).waitFor({ timeout: 90_000 });
    await workbench.treeRow(/^Sweep seeds, /).click();
    await workbench.screenshot('sweep-dark');
  });

  for (const name of ['light', 'contrast'] as const) {
    await chapter(t, lab, `the ${name} theme`, async () => {
      lab.server.writeSettings({ 'workbench.colorTheme': themes[name] });
      await workbench.reload();
      await workbench.treeRow(/^Sweep seeds, /).waitFor();
      await workbench.command('Trainyard: Launch Training');
      await asks('What to train');
      await workbench.quickRow(/seed=1,2 on this machine/).waitFor();
      await workbench.screenshot(`launch-entrance-${name}`);
      await press('Escape');
    });
  }
});
