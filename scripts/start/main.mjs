// The steps of `npm start`, in their order.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { repo } from '../bootstrap.mjs';
import { step } from '../setup/step.mjs';
import { launchDemo } from './demo.mjs';
import { openEditor } from './editor.mjs';
import { layOutLab } from './lab.mjs';
import { followRuns, printResults } from './progress.mjs';

const HELP = `npm start [-- OPTIONS]

Builds Trainyard, trains two small models on real MNIST digits (a classifier that judges, then a
MeanFlow generator), and opens VS Code on the sample lab with both runs live.

  --no-editor      stay in the terminal; ends when the runs end, with exit code 0 if both finished
  --lab FOLDER     where the lab's files and runs go (default: lab/ in the repository)
  --device NAME    auto, cuda, webgpu, dml, coreml or cpu (default: auto)
  --set KEY=VALUE  a setting of the generator's run, as in "--set steps=500"; may be repeated
  --judge-set KEY=VALUE  the same for the classifier's run
  --port NUMBER    port of the VS Code server on 127.0.0.1, where no desktop VS Code is installed`;

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} exit code
 */
export async function start(args) {
  try {
    const options = readOptions(args);
    if (options.help) {
      console.log(HELP);
      return 0;
    }
    return await startWith(options);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  }
}

/** @typedef {ReturnType<typeof readOptions>} Options */

/** @param {readonly string[]} args */
function readOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'no-editor': { type: 'boolean', default: false },
      lab: { type: 'string' },
      device: { type: 'string', default: 'auto' },
      set: { type: 'string', multiple: true, default: [] },
      'judge-set': { type: 'string', multiple: true, default: [] },
      port: { type: 'string', default: '18570' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 1024 || port > 65_535)
    throw new Error(`--port ${values.port} is not a port number from 1024 to 65535.`);
  return {
    editor: !values['no-editor'],
    lab: values.lab,
    device: values.device,
    set: values.set,
    judgeSet: values['judge-set'],
    port,
    help: values.help,
  };
}

/** @param {Options} options */
async function startWith(options) {
  await step('Building Trainyard', build);
  const lab = layOutLab(options.lab);
  console.log(`The lab is ${lab}`);
  const runs = await launchDemo({
    lab,
    device: options.device,
    overrides: options.set,
    judgeOverrides: options.judgeSet,
  });
  sayThatRunsStay(runs);

  const editor = options.editor ? await openEditor(lab, options.port) : undefined;
  if (editor !== undefined) console.log(editor.message);
  const results = await followRuns(runs);
  const failed = await printResults(results);
  if (editor?.ended !== undefined) {
    console.log('VS Code stays open; Ctrl-C ends its server.');
    await editor.ended;
  }
  return failed ? 1 : 0;
}

function build() {
  const built = spawnSync(process.execPath, [path.join(repo, 'scripts/build.mjs')], { cwd: repo, encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`The build failed:\n${built.stdout}${built.stderr}`);
}

/** Ctrl-C ends what is shown here, never a run. @param {readonly { id: string, name: string }[]} runs */
function sayThatRunsStay(runs) {
  process.on('SIGINT', () => {
    const stop = `node ${path.relative(process.cwd(), path.join(repo, 'dist/trainyard.cjs'))} stop`;
    console.log(
      `\nThe runs go on without this terminal. To end one: ${runs.map(({ id }) => `${stop} ${id}`).join(' · ')}`,
    );
    process.exit(130);
  });
}
