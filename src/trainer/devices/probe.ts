import { execFile } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DeviceName, DeviceProbe } from '../../domain/device.ts';
import { providerVariable } from './cuda/providerFolder.ts';
import { describeOtherRelease, otherReleaseIn } from './cuda/providerVersion.ts';
import { hasNvidiaCard, noNvidiaCard } from './nvidiaCard.ts';
import { explainRefusal, platformRefusal } from './refusals.ts';
import type { TrialResult } from './trial.ts';

/** A probe with what only the choice by itself looks at. */
export interface DeviceTrial extends DeviceProbe {
  /** Works, but a product takes longer than on the CPU: software rendering, for instance. Said in words; '' otherwise. */
  readonly slowness: string;
}

/** The order in which `auto` tries. */
export const deviceOrder: readonly DeviceName[] = ['cuda', 'webgpu', 'dml', 'coreml', 'cpu'];

/** Every device with what a trial of it found. */
export async function probeDevices(): Promise<readonly DeviceTrial[]> {
  const found: DeviceTrial[] = [];
  for (const device of deviceOrder) found.push(await probeDevice(device));
  return found;
}

/** Tries one device in a child process, which takes about a second. Never throws: why not is in the answer. */
export async function probeDevice(device: DeviceName, command = trialCommand(device)): Promise<DeviceTrial> {
  const impossible = platformRefusal(device, process.platform) ?? providerRefusal(device);
  if (impossible !== undefined) return refused(device, impossible);
  const child = await runChild(command);
  const result = parseResult(child.stdout);
  if (result === undefined) return refused(device, describeCrash(device, child));
  if (!result.ok) return refused(device, explainedWithCard(device, `${child.stderr}\n${result.message}`));
  const { proof } = result;
  return {
    device,
    usable: true,
    detail: await describeDevice(device),
    reason: '',
    slowness: describeSpeed(result),
    proof,
  };
}

/** A provider of another release would load, and the trial might even pass. */
function providerRefusal(device: DeviceName): string | undefined {
  const folder = process.env[providerVariable];
  if (device !== 'cuda' || folder === undefined || folder === '') return undefined;
  const other = otherReleaseIn(folder);
  return other === undefined ? undefined : describeOtherRelease(other, folder);
}

/** Where there is no card, that is the reason, whatever else is missing. */
function explainedWithCard(device: DeviceName, said: string): string {
  const reason = explainRefusal(device, said);
  return device === 'cuda' && !hasNvidiaCard() ? `${noNvidiaCard} ${reason}` : reason;
}

/** The word by which the command line asks for a trial in its own process. */
export const trialFlag = '--trial';

interface ChildResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly signal: string | null;
  readonly timedOut: boolean;
}

const trialMilliseconds = 120_000;

/** The bundle starts itself; run from source, a line of code calls the trial. */
function trialCommand(device: DeviceName): readonly string[] {
  const own = import.meta.filename;
  if (!own.endsWith('.ts')) return [process.execPath, own, 'probe-device', device, trialFlag];
  const module = pathToFileURL(path.join(import.meta.dirname, 'trial.ts')).href;
  const code = `const { tryDevice } = await import(${JSON.stringify(module)}); console.log(JSON.stringify(await tryDevice(${JSON.stringify(device)})));`;
  return [process.execPath, '--no-warnings', '--input-type=module', '-e', code];
}

function runChild([program, ...args]: readonly string[]): Promise<ChildResult> {
  // The extension's Node is Electron, which must be told to be Node.
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  return new Promise((resolve) => {
    execFile(
      program!,
      args,
      { env, timeout: trialMilliseconds, killSignal: 'SIGKILL', maxBuffer: 4_000_000 },
      (error, stdout, stderr) => {
        const signal = error?.signal ?? null;
        resolve({ stdout, stderr, signal, timedOut: error?.killed === true });
      },
    );
  });
}

function parseResult(stdout: string): TrialResult | undefined {
  const line = stdout.trim().split('\n').at(-1) ?? '';
  try {
    const value: unknown = JSON.parse(line);
    return value !== null && typeof value === 'object' && 'ok' in value ? (value as TrialResult) : undefined;
  } catch {
    return undefined;
  }
}

function describeCrash(device: DeviceName, { stderr, signal, timedOut }: ChildResult): string {
  if (timedOut) return `${device} did not answer within ${trialMilliseconds / 1000} s.`;
  const why = explainRefusal(device, stderr);
  return signal === null ? why : `Trying ${device} crashed the process (${signal}). ${why}`;
}

function describeSpeed(result: TrialResult): string {
  if (!result.ok || result.milliseconds <= 1.5 * result.cpuMilliseconds) return '';
  return `It works, but is slower than the CPU (${result.milliseconds.toFixed(0)} ms against ${result.cpuMilliseconds.toFixed(0)} ms for a small model), which points to software rendering.`;
}

async function describeDevice(device: DeviceName): Promise<string> {
  if (device === 'cpu') return `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${availableParallelism()} threads`;
  return device === 'cuda' ? await nvidiaName() : '';
}

function nvidiaName(): Promise<string> {
  return new Promise((resolve) => {
    execFile('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'], { timeout: 10_000 }, (error, stdout) => {
      resolve(error === null ? (stdout.trim().split('\n')[0] ?? '') : '');
    });
  });
}

function refused(device: DeviceName, reason: string): DeviceTrial {
  return { device, usable: false, detail: '', reason, slowness: '' };
}
