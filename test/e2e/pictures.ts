// `npm run pictures`: trains the demo's generator for a while in a real VS Code, and renews the picture of the README.
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { mnist, openLab, until } from './lab.ts';

const { values } = parseArgs({
  options: { steps: { type: 'string', default: '1500' }, out: { type: 'string', default: 'docs/images' } },
});

const lab = await openLab({ viewport: { width: 1500, height: 900 } });
try {
  const { workbench } = lab;
  const launch = (recipe: string, name: string, ...overrides: string[]): void => {
    lab.cli(
      'launch',
      recipe,
      `data=${mnist}`,
      ...overrides,
      '--config',
      `configs/${recipe}.yaml`,
      '--device',
      'cpu',
      '--name',
      name,
    );
  };
  await workbench.openContainer('Trainyard');
  launch('classifier', 'judge-1', 'steps=400');
  launch(
    'meanflow',
    'digits-1',
    `judge=${lab.folder}/runs/judge-1/model.onnx`,
    `steps=${values.steps}`,
    'sampleEvery=100',
  );
  await workbench.treeRow(/^digits-1, running/).waitFor({ timeout: 300_000 });
  await workbench.openMetrics(/^digits-1/, 'section.card[aria-label="train/loss"]');
  await workbench.command('View: Split Editor Right');
  await workbench.command('Trainyard: Show Samples');
  await workbench.webview('ty-sample-image img', 600_000);
  await until('the run to come near its end', () => stepOf('digits-1') >= 0.9 * Number(values.steps), 900_000);
  await workbench.page.waitForTimeout(1500);
  mkdirSync(values.out, { recursive: true });
  await workbench.page.screenshot({ path: `${values.out}/demo.png` });
  console.log(`${values.out}/demo.png`);
} finally {
  await lab.dispose();
}

function stepOf(name: string): number {
  const { runs } = JSON.parse(lab.cli('runs', '--json')) as { runs: { name: string; progress?: { step: number } }[] };
  return runs.find((run) => run.name === name)?.progress?.step ?? 0;
}
