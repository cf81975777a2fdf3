import { parseArgs } from 'node:util';
import { describeError, toErrorInfo } from '../base/errors.ts';
import { type DeviceName, type DeviceProbe, describeProof, deviceChoices } from '../domain/device.ts';
import { describeEstimate, memoryAdvice } from '../domain/memoryEstimate.ts';
import { useInstalledCuda } from './installedCuda.ts';
import { useModelCache } from './modelCache.ts';

const trainHelp = `trainyard train CONFIG|RECIPE [key=value …]

Trains the recipe of a YAML configuration, or a recipe with its defaults, in this process, without the worker, and writes a run directory
(runs/NAME, or the folder in TRAINYARD_RUN_DIR). Ctrl+C stops it with a checkpoint; resume=PATH goes on from
one, resume=last from the run's own last one, if there is one. --profile looks at a few steps first and writes
where their time goes (profile.md, and profile.trace.json for Perfetto); it is the same as profile=true.

"trainyard recipes" lists the recipes, "trainyard recipes NAME" its keys.

Exit code: 0 finished, 1 failed, 129, 130 or 143 stopped by SIGHUP, SIGINT or SIGTERM.`;

const flags = ['--profile', '--memory', '--json'] as const;

const probeHelp = `trainyard probe-device NAME|all [--json]

Trains a small network for a few steps on a device (${deviceChoices.slice(1).join(', ')}) in a process of its own and
says whether training can use it, how long a step takes and what stays on the CPU; and if it cannot be used, why.

Exit code: 0 usable, 1 not.`;

/** `trainyard train CONFIG [key=value …]`: gives the exit code. The trainer and ONNX Runtime are loaded only here. */
export async function runTrain(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) return say(trainHelp);
  const has = (flag: (typeof flags)[number]) => args.includes(flag);
  const isFlag = (arg: string) => (flags as readonly string[]).includes(arg);
  const [configFile, ...overrides] = args.filter((arg) => !isFlag(arg));
  if (has('--profile')) overrides.push('profile=true');
  const unknown = args.find((arg) => arg.startsWith('-') && !isFlag(arg));
  if (unknown !== undefined) return complain(`There is no option ${unknown}. Settings are given as key=value.`);
  if (configFile === undefined)
    return complain('Give the path of a configuration, or a recipe: trainyard train CONFIG.');
  if (has('--memory')) return tellMemory(configFile, overrides, has('--json'));
  await useInstalledCuda();
  await useModelCache();
  const trainer = await loadTrainer();
  if (trainer === undefined) return 1;
  const { terminalOn } = await import('../trainer/run/terminal.ts');
  return trainer.train({
    configFile,
    overrides,
    folder: process.cwd(),
    environment: process.env,
    terminal: terminalOn(process.stdout),
    complain: (message) => void complain(message),
  });
}

/** `trainyard train CONFIG --memory`: with `json` one line for programs, an error as `{ error }`. */
async function tellMemory(configFile: string, overrides: readonly string[], json: boolean): Promise<number> {
  await useInstalledCuda();
  try {
    const { estimateMemory } = await import('../trainer/estimate.ts');
    const estimate = await estimateMemory({ configFile, overrides, folder: process.cwd() });
    if (json) say(JSON.stringify(estimate));
    else say([describeEstimate(estimate), memoryAdvice(estimate)].filter((line) => line !== undefined).join(' '));
    return estimate.verdict === 'too-large' ? 1 : 0;
  } catch (error) {
    if (!json) return complain(describeError(error));
    say(JSON.stringify({ error: toErrorInfo(error) }));
    return 1;
  }
}

/** `trainyard probe-device NAME|all [--json]`: gives the exit code. `--trial` is the half that runs in the child process. */
export async function runProbeDevice(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: false,
    options: { json: { type: 'boolean' }, trial: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) return say(probeHelp);
  const name = positionals[0] ?? 'all';
  if (name !== 'all' && (name === 'auto' || !(deviceChoices as readonly string[]).includes(name))) {
    return complain(`There is no device ${name}. There are all, ${deviceChoices.slice(1).join(', ')}.`);
  }
  await useInstalledCuda();
  if (values.trial === true) return runTrial(name as DeviceName);
  const { probeDevice, probeDevices } = await import('../trainer/devices/probe.ts');
  const probes = name === 'all' ? await probeDevices() : [await probeDevice(name as DeviceName)];
  if (values.json === true) say(JSON.stringify(name === 'all' ? probes : probes[0]));
  else for (const probe of probes) say(describeProbe(probe));
  return probes.some(({ usable }) => usable) ? 0 : 1;
}

function describeProbe({ device, usable, detail, reason, proof }: DeviceProbe): string {
  if (!usable) return `${device}: ${reason}`;
  const name = detail === '' ? '' : ` ${detail}.`;
  return `${device}: usable.${name}${proof === undefined ? '' : ` ${describeProof(device, proof)}`}`;
}

/** The trainer brings ONNX Runtime's library with it, which may be missing or made for another system. */
async function loadTrainer(): Promise<typeof import('../trainer/train.ts') | undefined> {
  try {
    return await import('../trainer/train.ts');
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    complain(`ONNX Runtime could not be loaded: ${why}. Install the packages again with npm install.`);
    return undefined;
  }
}

async function runTrial(device: DeviceName): Promise<number> {
  const { tryDevice } = await import('../trainer/devices/trial.ts');
  return say(JSON.stringify(await tryDevice(device)));
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function complain(message: string): number {
  process.stderr.write(`${message}\n`);
  return 1;
}
