// The launch surfaces of four of the five systems, each on its sample repository with the command lines of its people, through a real workbench:
// palette → run → live metrics → checkpoint → resume → log. The fifth, a Lightning-Hydra project, is in launching.e2e.ts.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Locator } from 'playwright-core';
import { makeSample, type SampleName, type SampleProject } from '../fixtures/sampleProject.ts';
import { chapter, type LabWindow, openLab, until } from './lab.ts';
import { FormTyper } from './launchForm.ts';

let lab: LabWindow;
let sample: SampleProject;
let form: FormTyper;

/** Opens a window on a fresh copy of a sample, in which each step of a training takes so long. */
async function open(
  t: TestContext,
  name: SampleName,
  stepSeconds: number,
  prepare: (folder: string) => void = () => {},
) {
  sample = makeSample(name, { git: true });
  prepare(sample.folder);
  t.after(() => sample.dispose());
  lab = await openLab({ folder: sample.folder, env: { STANDIN_STEP_SECONDS: String(stepSeconds) } });
  t.after(() => lab.dispose());
  form = new FormTyper(lab.workbench);
  await lab.workbench.openContainer('Trainyard');
}

/** A row of the view with this title: other views may have rows of the same name. */
function paneRow(view: string, name: RegExp): Locator {
  const { page } = lab.workbench;
  const pane = page.locator('.pane', { has: page.locator(`.pane-header[aria-label^="${view}"]`) });
  return pane.getByRole('treeitem', { name }).first();
}

interface ListedRun {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly status: string;
  readonly resumedFrom?: string;
}

function runNamed(name: string): ListedRun {
  const { runs } = JSON.parse(lab.cli('runs', '--json')) as { runs: readonly ListedRun[] };
  const run = runs.find((one) => one.name === name && existsSync(path.join(one.path, 'launch.json')));
  assert.ok(run !== undefined, `${name} is not among ${runs.map((one) => one.name).join(', ')}`);
  return run;
}

/** What the program logs is no run beside the one that was launched; entries of a registry are records of the project's own. */
function assertOneRow(name: string): void {
  const { runs } = JSON.parse(lab.cli('runs', '--json')) as { runs: readonly (ListedRun & { source: string })[] };
  const rows = runs.filter(({ source }) => source !== 'registry').map((run) => `${run.source} ${run.name}`);
  assert.deepEqual(rows, [`trainyard ${name}`]);
}

function commandOf(name: string): readonly string[] {
  const record = readFileSync(path.join(runNamed(name).path, 'launch.json'), 'utf8');
  return (JSON.parse(record) as { command: string[] }).command;
}

/** Opens the metrics of a run in the tree, and waits until the chart of a tag grows. */
async function watchGrowing(row: RegExp, tag: string): Promise<void> {
  const card = `section.card[aria-label="${tag}"]`;
  const metrics = await lab.workbench.openMetrics(row, card);
  const points = async (): Promise<number> => {
    const text = (await metrics.locator(`${card} footer`).textContent()) ?? '';
    return Number([...text.matchAll(/\d[\d\s\u00a0\u202f,.]*/g)].at(-1)?.[0].replace(/\D/g, '') ?? 0);
  };
  await until(`points of ${tag}`, async () => (await points()) > 0);
  const first = await points();
  await until(`more points of ${tag}`, async () => (await points()) > first);
}

async function conclude(row: RegExp, title: string): Promise<void> {
  await lab.workbench.treeRow(row).click();
  await lab.workbench.command('Trainyard: Log Conclusion');
  await lab.workbench.answer('Title of the entry', title);
  await lab.workbench.answer('What was learnt', 'It works from the palette.');
  await until('the question for the place, or the entry', async () => {
    if (lab.read('EXPERIMENT_LOG.md').includes(title)) return true;
    return (await lab.workbench.page.locator('.quick-input-list .monaco-list-row').count()) > 0;
  });
  if (!lab.read('EXPERIMENT_LOG.md').includes(title)) await form.press('Enter');
  await until('the entry in the log', () => lab.read('EXPERIMENT_LOG.md').includes(title));
}

test('a flow matching lab: launcher.py, its Trackio metrics, a stop, and resume=true', {
  timeout: 240_000,
}, async (t) => {
  await open(t, 'flow-matching', 0.05);
  const { workbench } = lab;

  await chapter(t, lab, 'the launcher, the Hydra program and the Modal app are all found', async () => {
    await workbench.command('Trainyard: Launch Training');
    await form.asks('What to train');
    for (const row of [/launcher\.py/, /modal_app\.py/, /train\.py/]) await workbench.quickRow(row).waitFor();
    await workbench.screenshot('flow-matching-entrance');
    await form.type('launcher.py', /launcher\.py/);
    await form.press('Enter');
  });

  await chapter(t, lab, 'its groups and keys, and the run name is filled in by the launch', async () => {
    await form.choose('Choose parts of the configuration', 'model', /unet|cnn/);
    await form.choose('Option of model', 'cnn');
    await form.asks('Choose parts of the configuration');
    await workbench.quickInput.fill('');
    await form.press('Enter');
    await form.asks('key=value');
    for (const override of ['epochs=200', 'save_every=1']) {
      await form.type(override, new RegExp(`Set ${override}`));
      await form.press('Enter');
      await workbench.quickRow(/Continue/).waitFor();
    }
    await form.press('Enter');
    await form.startHere('cnn-1');
    await workbench.treeRow(/^cnn-1, running/).waitFor({ timeout: 60_000 });
    assert.deepEqual(commandOf('cnn-1').slice(-4), ['model=cnn', 'epochs=200', 'save_every=1', 'run_name=cnn-1']);
  });

  await chapter(t, lab, 'its metrics are read from Trackio’s database while it runs', async () => {
    await watchGrowing(/^cnn-1, running/, 'train/loss');
    assertOneRow('cnn-1');
    await workbench.screenshot('flow-matching-metrics');
  });

  await chapter(t, lab, 'Stop keeps the live checkpoint, Resume goes on with resume=true', async () => {
    await workbench.treeRow(/^cnn-1/).click();
    await workbench.command('Trainyard: Stop');
    await workbench.treeRow(/^cnn-1, stopped/).waitFor();
    const { checkpoints } = JSON.parse(lab.cli('checkpoints', '--json')) as { checkpoints: { fileName: string }[] };
    const names = checkpoints.map(({ fileName }) => fileName);
    assert.ok(names.includes('last.pt') && names.some((name) => /^cnn-1_epoch_\d{4}\.pt$/.test(name)), names.join());
    await workbench.command('Trainyard: Resume From Checkpoint');
    await workbench.pick(/last|epoch/);
    await workbench.treeRow(/^cnn-2, running/).waitFor({ timeout: 60_000 });
    assert.equal(runNamed('cnn-2').resumedFrom, runNamed('cnn-1').id);
    assert.ok(commandOf('cnn-2').includes('resume=true'), commandOf('cnn-2').join(' '));
    await until('the restored checkpoint in the log', () =>
      /Restored from .*last\.pt at step \d+/.test(lab.cli('log', runNamed('cnn-2').id)),
    );
  });

  await chapter(t, lab, 'what was learnt goes into EXPERIMENT_LOG.md', async () => {
    lab.cli('stop', runNamed('cnn-2').id);
    // Rows that move to another group take the selection with them.
    await workbench.treeRow(/^cnn-2, stopped/).waitFor({ timeout: 60_000 });
    await conclude(/^cnn-1, stopped/, 'CNN from the palette');
    assert.match(lab.read('EXPERIMENT_LOG.md'), /python.* launcher\.py.*run_name=cnn-1/);
  });
});

test('an experiment hub: the entry that trainyard.yaml names, its metrics, a stop, and --resume', {
  timeout: 240_000,
}, async (t) => {
  await open(t, 'experiment-hub', 0.05);
  const { workbench } = lab;

  await chapter(t, lab, 'the named entry point is launched with an argument more', async () => {
    await workbench.command('Trainyard: Launch Training');
    await form.choose('What to train', 'baseline', /baseline/);
    await form.asks('Arguments, with the quotes of a shell');
    await form.type('--epochs 500', /with 2 arguments/);
    await form.press('Enter');
    await form.asks('Where to run');
    for (const target of ['workstation', 'cluster']) await workbench.quickRow(target).waitFor();
    await form.startHere('hub-1');
    await workbench.treeRow(/^hub-1, running/).waitFor({ timeout: 60_000 });
    const command = commandOf('hub-1');
    assert.deepEqual(command.slice(-3), ['--epochs', '500', '--output-dir=data/runs/hub-1']);
  });

  await chapter(t, lab, 'its event files, which lie elsewhere, are part of the run', async () => {
    await watchGrowing(/^hub-1, running/, 'train/loss');
    assertOneRow('hub-1');
    await workbench.screenshot('experiment-hub-metrics');
  });

  await chapter(t, lab, 'Stop, and Resume with the argument that trainyard.yaml names', async () => {
    await workbench.treeRow(/^hub-1/).click();
    await workbench.command('Trainyard: Stop');
    await workbench.treeRow(/^hub-1, stopped/).waitFor();
    await workbench.command('Trainyard: Resume From Checkpoint');
    await workbench.pick(/last|epoch/);
    await workbench.treeRow(/^hub-2, running/).waitFor({ timeout: 60_000 });
    const command = commandOf('hub-2');
    assert.match(command[command.indexOf('--resume') + 1] ?? '', /checkpoints\/.*\.pt$/);
    lab.cli('stop', runNamed('hub-2').id);
  });

  await chapter(t, lab, 'the conclusion is written down', async () => {
    await conclude(/^hub-1, stopped/, 'The baseline learns');
  });
});

/** The shell stages as a pipeline: each with the option that keeps it from going on by itself, since the pipeline does that. */
const stages = `pipelines:
  router:
    parameters: {dataset: '', run: router-1}
    stages:
      - {name: upload, command: [./upload.sh, 'datasets/{dataset}', --dry], consumes: ['datasets/{dataset}']}
      - {name: preprocess, command: [./preprocess.sh, --dataset-name, '{dataset}', --dry], produces: ['store/{dataset}']}
      - {name: train, command: [./train.sh, --run-name, '{run}', --dataset-name, '{dataset}'], dry: [--fast]}
      - {name: eval, command: [./eval.sh, --run-name, '{run}', --dataset-name, '{dataset}']}
`;

test('a training server of shell stages: a stage alone, the pipeline, and re-entry at the stage that failed', {
  timeout: 240_000,
}, async (t) => {
  await open(t, 'lora-experts', 0.2, (folder) => {
    writeFileSync(path.join(folder, 'trainyard.yaml'), stages);
    // The machine that evaluates lacks a file, as such machines do.
    const evaluate = path.join(folder, 'eval.sh');
    const text = readFileSync(evaluate, 'utf8');
    writeFileSync(
      evaluate,
      text.replace('exec ', '[[ -e credentials ]] || { echo "no credentials" >&2; exit 4; }\nexec '),
    );
  });
  const { workbench } = lab;

  await chapter(t, lab, 'generate.sh is found with its option, and does its stage alone', async () => {
    await workbench.command('Trainyard: Launch Training');
    await form.choose('What to train', 'generate.sh', /generate\.sh/);
    await form.asks('Arguments, with the quotes of a shell');
    await form.type('--dry', /with 1 argument/);
    await form.press('Enter');
    await form.startHere('generate-1');
    await workbench.treeRow(/^generate-1, finished/).waitFor({ timeout: 60_000 });
    assert.equal(readdirSync(path.join(sample.folder, 'datasets')).length, 1);
    assert.equal(existsSync(path.join(sample.folder, 'store')), false);
  });

  await chapter(
    t,
    lab,
    'the pipeline asks for its parameters, shows its stages and runs them one behind the other',
    async () => {
      const [dataset] = readdirSync(path.join(sample.folder, 'datasets'));
      await workbench.command('Trainyard: Launch Pipeline');
      await workbench.pick('router');
      await workbench.answer('dataset: stands for {dataset}', dataset!);
      await workbench.answer('run: stands for {run}', 'router-1');
      await form.asks('Start router?');
      await workbench.quickRow(/preprocess/).waitFor();
      await workbench.screenshot('lora-experts-pipeline');
      await form.press('Enter');
      await workbench.treeRow(/^router-train-\w+, running/).waitFor({ timeout: 60_000 });
      await watchGrowing(/^router-train-\w+, running/, 'train/loss');
      await workbench.treeRow(/^Stage eval, failed/).waitFor({ timeout: 60_000 });
      await workbench.screenshot('lora-experts-failed-stage');
      assert.ok(existsSync(path.join(sample.folder, 'outputs', 'router-1', 'checkpoint-60', 'adapter.json')));
    },
  );

  await chapter(t, lab, 'mended, it goes on at the stage that failed and does not train again', async () => {
    writeFileSync(path.join(sample.folder, 'credentials'), '');
    const trained = readdirSync(path.join(sample.folder, 'runs')).filter((name) => name.startsWith('router-train'));
    await workbench.chooseFromMenu(workbench.treeRow(/^Stage eval, failed/), 'Run Again From This Stage');
    await workbench.answer('dataset: stands for {dataset}', readdirSync(path.join(sample.folder, 'datasets'))[0]!);
    await workbench.answer('run: stands for {run}', 'router-1');
    await form.asks('Start router?');
    await form.press('Enter');
    await until('the evaluation', () => existsSync(path.join(sample.folder, 'outputs', 'router-1', 'eval.json')));
    await workbench.treeRow(/^Stage eval, done/).waitFor({ timeout: 60_000 });
    const now = readdirSync(path.join(sample.folder, 'runs')).filter((name) => name.startsWith('router-train'));
    assert.deepEqual(now, trained);
  });
});

interface RegistryFile {
  readonly experiments: {
    readonly [name: string]: {
      readonly status: string;
      readonly marked_for_rerun: boolean;
      readonly retry_count: number;
    };
  };
}

test('a SLURM project with a registry: what failed, marks for another run, and the script that obeys them', {
  timeout: 240_000,
}, async (t) => {
  await open(t, 'telepathy', 0.4);
  const { workbench } = lab;
  const file = path.join(sample.folder, 'runs', 'experiment_registry.json');
  const experiments = () => (JSON.parse(readFileSync(file, 'utf8')) as RegistryFile).experiments;
  const failed = Object.keys(experiments()).filter((name) => experiments()[name]!.status === 'failed');
  assert.ok(failed.length >= 2);

  await chapter(t, lab, 'the registry stands in its view, failed experiments first', async () => {
    await workbench.treeRow(/^Registry experiment_registry\.json/).waitFor();
    for (const name of failed) await paneRow('Registry', new RegExp(`^${name}, `)).waitFor();
    await workbench.screenshot('telepathy-registry');
  });

  await chapter(t, lab, 'one is marked, then all that failed, in the file that the scripts read', async () => {
    const unmarked = failed.find((name) => !experiments()[name]!.marked_for_rerun)!;
    await workbench.chooseFromMenu(paneRow('Registry', new RegExp(`^${unmarked}, `)), 'Mark for Re-Run');
    await until('the mark in the file', () => experiments()[unmarked]!.marked_for_rerun);
    await workbench.command('Trainyard: Mark All Failed for Re-Run');
    await until('all marks in the file', () => failed.every((name) => experiments()[name]!.marked_for_rerun));
  });

  await chapter(t, lab, 'the submit script runs them again, with its metrics, and the registry follows', async () => {
    await workbench.command('Trainyard: Launch Training');
    await form.choose('What to train', 'submit_bridge', /submit_bridge\.slurm/);
    await form.asks('Arguments, with the quotes of a shell');
    await form.type(failed.join(' '), new RegExp(`with ${failed.length} arguments`));
    await form.press('Enter');
    await form.startHere('bridge-1');
    await workbench.treeRow(/^bridge-1, running/).waitFor({ timeout: 60_000 });
    await watchGrowing(/^bridge-1, running/, 'train/loss');
    assertOneRow('bridge-1');
    await workbench.screenshot('telepathy-metrics');
    await workbench.treeRow(/^bridge-1, finished/).waitFor({ timeout: 60_000 });
    for (const name of failed) {
      const { status, marked_for_rerun } = experiments()[name]!;
      assert.deepEqual([name, status, marked_for_rerun], [name, 'completed', false]);
    }
    await paneRow('Registry', /^Completed, /).waitFor();
  });

  await chapter(t, lab, 'the conclusion is written down', async () => {
    await conclude(/^bridge-1, finished/, 'The failed bridges run');
  });
});
