// What people do around a launch, in a real workbench with a plain script of their own: the lens above its code, once more with changes, once more as it
// was, a search over its arguments, targets for trainyard.yaml, a run on a host behind ssh, and the warnings that endanger the next run.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { missingServer, passphrase, SshServer } from '../targets/ssh/sshServer.ts';
import { chapter, type LabWindow, openLab, until } from './lab.ts';
import { FormTyper } from './launchForm.ts';

/** Fits nothing, but says what it was told, keeps a checkpoint and logs a CSV whose last loss depends on its arguments. */
const script = `import argparse, csv, os

def train(options):
    if options.batch_size > 64:
        raise MemoryError('Unable to allocate 12.0 GiB for a batch of %d' % options.batch_size)
    os.makedirs('csv', exist_ok=True)
    folder = os.environ.get('TRAINYARD_RUN_DIR', '.')
    with open(os.path.join(folder, 'metrics.csv'), 'w', newline='') as stream:
        writer = csv.writer(stream)
        writer.writerow(['step', 'loss'])
        for step in range(5):
            writer.writerow([step, (options.lr - 0.3) ** 2 + 1 / (step + 1)])
    with open('model.ckpt', 'w') as stream:
        stream.write('weights')
    print('lr', options.lr, 'batch', options.batch_size, flush=True)

if __name__ == '__main__':
    parser = argparse.ArgumentParser()
    parser.add_argument('--lr', type=float, default=0.1)
    parser.add_argument('--batch_size', type=int, default=16)
    train(parser.parse_args())
`;

const temporary = mkdtempSync(path.join(os.tmpdir(), 'ty-repeat-'));
const folder = path.join(temporary, 'lab');
const noServer = missingServer();
let server: SshServer | undefined;
let lab: LabWindow;
let form: FormTyper;

before(async () => {
  execFileSync('git', ['init', '-q', '-b', 'main', folder]);
  writeFileSync(path.join(folder, 'train.py'), script);
  writeFileSync(path.join(folder, '.gitignore'), 'runs/\ncsv/\n*.ckpt\n.trainyard/\n');
  const git = (...words: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=Lab', '-c', 'user.email=lab@example.org', ...words]);
  git('add', '.');
  git('commit', '-qm', 'A script');
  if (noServer === undefined) {
    server = new SshServer();
    await server.start();
  }
  lab = await openLab({ folder });
  form = new FormTyper(lab.workbench);
});

after(async () => {
  await lab?.dispose();
  await server?.end();
  rmSync(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

interface ListedRun {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  readonly status: string;
}

function runs(): readonly ListedRun[] {
  return (JSON.parse(lab.cli('runs', '--json')) as { runs: readonly ListedRun[] }).runs;
}

function recordOf(name: string): { readonly command: readonly string[]; readonly cwd: string } {
  const run = runs().find((one) => one.name === name);
  assert.ok(
    run !== undefined,
    `${name} is not among ${runs()
      .map((one) => one.name)
      .join(', ')}`,
  );
  return JSON.parse(readFileSync(path.join(run.path, 'launch.json'), 'utf8'));
}

/** Former launches of the script stand among the recent ones; its own row says why it is there. */
async function chooseScript(): Promise<void> {
  await form.choose('What to train', 'takes arguments', /takes arguments/);
}

async function arguments_(text: string, row: RegExp): Promise<void> {
  await form.asks('Arguments, with the quotes of a shell');
  await form.type(text, row);
  await form.press('Enter');
}

test('a script of one’s own: lens, again, as it was, search, other machines, warnings', {
  timeout: 400_000,
}, async (t) => {
  const { workbench } = lab;
  const { page } = workbench;

  await chapter(t, lab, 'a click on the lens above the script launches it', async () => {
    await workbench.openContainer('Trainyard');
    await workbench.command('Go to File...');
    await workbench.quickInput.fill('train.py');
    await workbench.quickRow('train.py').waitFor();
    await form.press('Enter');
    const lens = page.locator('.codelens-decoration a', { hasText: 'Launch With' });
    await lens.waitFor();
    await lens.click();
    await arguments_('--lr 0.2', /with 2 arguments/);
    await form.startHere('lens-1');
    await workbench.treeRow(/^lens-1, finished/).waitFor({ timeout: 60_000 });
    assert.deepEqual(recordOf('lens-1').command.slice(-3), ['train.py', '--lr', '0.2']);
    await page.locator('.codelens-decoration a', { hasText: 'finished' }).waitFor();
  });

  await chapter(t, lab, 'Run Again With Changes asks with the former answers', async () => {
    await workbench.treeRow(/^lens-1/).click();
    await workbench.command('Trainyard: Run Again With Changes');
    // Nothing is missing, so the last step comes first; one can go back from there.
    await form.asks('Start ');
    for (const step of [
      'Name of the run',
      'GPUs of this machine',
      'Where to run',
      'Arguments, with the quotes',
    ] as const) {
      await form.press('Control+Alt+Minus');
      await page
        .locator('.quick-input-widget', { hasText: step })
        .or(page.locator(`.quick-input-widget input[placeholder*="${step}"]`))
        .first()
        .waitFor();
    }
    await arguments_('--lr 0.25', /with 2 arguments/);
    await form.startHere('lens-2');
    await workbench.treeRow(/^lens-2, finished/).waitFor({ timeout: 60_000 });
    assert.deepEqual(recordOf('lens-2').command.slice(-3), ['train.py', '--lr', '0.25']);
  });

  await chapter(t, lab, 'Reproduce This Run makes a worktree at its commit and runs the same there', async () => {
    writeFileSync(path.join(folder, 'train.py'), `${script}\nprint('another program')\n`);
    await workbench.treeRow(/^lens-1, finished/).click();
    await workbench.command('Trainyard: Reproduce This Run');
    await until('the reproduced run', () => runs().filter(({ status }) => status === 'finished').length === 3);
    const made = runs().find(({ name }) => name !== 'lens-1' && name !== 'lens-2')!;
    const record = recordOf(made.name);
    assert.match(record.cwd, /\.trainyard\/worktrees\//);
    assert.deepEqual(record.command.slice(-2), ['--lr', '0.2']);
    assert.doesNotMatch(lab.cli('log', made.id), /another program/);
    writeFileSync(path.join(folder, 'train.py'), script);
  });

  await chapter(t, lab, 'an interval among its arguments becomes a search that learns from each trial', async () => {
    await workbench.command('Trainyard: Launch Training');
    await chooseScript();
    await arguments_('--lr interval(0.01,1.0) --batch_size 16,32', /with 4 arguments/);
    await form.asks('One run, or a sweep over --lr: 0.01');
    await workbench.screenshot('launch-script-sweep');
    await form.type('A sweep', 'A sweep');
    await form.press('Enter');
    await form.choose('Sweep over', 'TPE', /Search by TPE/);
    await workbench.answer('Metric that the search makes better', 'loss');
    await form.choose('What is better for loss?', 'Smaller');
    await workbench.answer('How many trials', '6');
    await workbench.answer('How many trials run at once', '1');
    await form.choose('Where to run', 'This machine');
    await form.choose('GPUs of this machine', 'No GPU');
    await workbench.answer('Name of the sweep', 'search');
    await form.asks('Start 6 trials of search');
    await form.press('Enter');
    await workbench.treeRow(/^Sweep search, 6\/6 done/).waitFor({ timeout: 90_000 });
    await workbench.screenshot('script-sweep');
    const { sweeps } = JSON.parse(lab.cli('sweep', '--json')) as {
      sweeps: { name: string; trials: { overrides: string[]; value?: number }[] }[];
    };
    const { trials } = sweeps.find(({ name }) => name === 'search')!;
    for (const { overrides, value } of trials) {
      const lr = Number(overrides.find((word) => word.startsWith('--lr='))?.slice(5));
      assert.ok(
        lr >= 0.01 && lr <= 1 && Math.abs(value! - ((lr - 0.3) ** 2 + 0.2)) < 1e-6,
        `${overrides} gave ${value}`,
      );
    }
  });

  await chapter(t, lab, 'memory that ran out is a warning in the status bar and in words', async () => {
    await workbench.command('Trainyard: Launch Training');
    await chooseScript();
    await arguments_('--batch_size 4096', /with 2 arguments/);
    await form.startHere('too-large');
    await workbench.treeRow(/^too-large, failed/).waitFor({ timeout: 60_000 });
    await page.locator('.statusbar-item', { hasText: /too-large ran out of memory/ }).waitFor();
    await page.locator('#status\\.notifications').click();
    await page
      .locator('.notification-list-item-message', { hasText: /too-large ran out of memory: MemoryError/ })
      .waitFor();
    await workbench.screenshot('care-warning');
    await form.press('Escape');
    // A window that comes later knows of it too.
    await workbench.reload();
    await page.locator('.statusbar-item', { hasText: /too-large ran out of memory/ }).waitFor();
  });

  await chapter(t, lab, 'Add SLURM Target and Add SSH Host write what trainyard.yaml understands', async () => {
    await workbench.command('Trainyard: Add SLURM Target…');
    await workbench.pick('This machine is the login node');
    await workbench.answer('Partition; leave it empty', 'debug');
    await workbench.answer('As it is chosen at a launch', 'cluster');
    await until('the target in the file', () =>
      /^ {2}cluster:\n {4}kind: slurm\n {4}partition: debug$/m.test(lab.read('trainyard.yaml')),
    );
    // The file opens at its new lines, which would take the palette away.
    await page.locator('.monaco-editor.focused .view-line', { hasText: 'cluster:' }).waitFor();
    await workbench.command('Trainyard: Add SSH Host…');
    const other = workbench.quickRow('Other host…');
    const box = page.locator('.quick-input-widget', { hasText: 'Host as typed behind ssh' });
    await other.or(box).first().waitFor();
    if (await other.isVisible()) await other.click();
    await workbench.answer('Host as typed behind ssh', 'locked');
    await workbench.answer('As it is chosen at a launch', 'box');
    await until('the target in the file', () =>
      /^ {2}box:\n {4}kind: ssh\n {4}host: locked$/m.test(lab.read('trainyard.yaml')),
    );
    await page.locator('.monaco-editor.focused .view-line', { hasText: 'box:' }).waitFor();
  });

  if (server === undefined) {
    t.diagnostic(`Left out: a host behind ssh; ${noServer}.`);
    return;
  }
  const there = path.join(temporary, 'there');

  await chapter(t, lab, 'a launch on that host asks for the passphrase of its key, in the window', async () => {
    const settings = `    configFile: ${server!.configFile}\n    folder: ${there}\n`;
    writeFileSync(
      path.join(folder, 'trainyard.yaml'),
      lab.read('trainyard.yaml').replace('    host: locked\n', `    host: locked\n${settings}`),
    );
    await workbench.command('Trainyard: Launch Training');
    await chooseScript();
    await arguments_('--lr 0.5', /with 2 arguments/);
    // Looking at the host needs the key; the question comes before the form, and the form comes back.
    const secret = page.locator('.quick-input-widget', { hasText: 'SSH: locked' }).locator('input[type="password"]');
    await secret.waitFor();
    await workbench.screenshot('ssh-passphrase');
    await secret.fill(passphrase);
    await form.press('Enter');
    await form.asks('Where to run');
    await form.type('box', /SSH locked.*processors/);
    await form.press('Enter');
    await workbench.answer('Name of the run', 'far-1');
    await form.asks('Start far-1?');
    await workbench.quickRow(/^Start/).waitFor();
    await form.press('Enter');
    await workbench.treeRow(/^far-1, finished/).waitFor({ timeout: 60_000 });
    assert.match(lab.cli('log', runs().find(({ name }) => name === 'far-1')!.id), /lr 0\.5/);
  });

  await chapter(t, lab, 'its checkpoint is fetched from there when somebody wants it', async () => {
    await workbench.treeRow(/^far-1/).click();
    await workbench.command('Trainyard: Fetch From Its Machine…');
    await workbench.pick('model.ckpt');
    const { path: directory } = runs().find(({ name }) => name === 'far-1')!;
    await until(
      'the file',
      () =>
        existsSync(path.join(directory, 'work', 'lab', 'model.ckpt')) ||
        existsSync(path.join(directory, 'work', 'model.ckpt')),
    );
  });

  await chapter(t, lab, 'and what it left there is removed, after a question that says what is lost', async () => {
    const { id } = runs().find(({ name }) => name === 'far-1')!;
    assert.ok(existsSync(path.join(there, 'runs', id)));
    await workbench.openContainer('Trainyard');
    await workbench.chooseFromMenu(workbench.treeRow(/^far-1/), 'Remove From Its Machine…');
    const dialog = page.locator('.monaco-dialog-box');
    await dialog.waitFor();
    assert.match((await dialog.textContent()) ?? '', /Every file that is known to have stayed there is here too/);
    await dialog.getByRole('button', { name: 'Remove' }).click();
    await until('the folder to be gone', () => !existsSync(path.join(there, 'runs', id)));
    await workbench.treeRow(/^far-1, finished/).waitFor();
  });
});
