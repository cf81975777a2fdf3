// What a GPU does with the engine, in parts, each a process with a time limit of its own, so that one that hangs or crashes costs no other. Writes gpu.{json,md}.
// `npm run test:gpu -- [--device cuda|cpu|…] [--only PART,PART] [--small] [--no-torch] [--minutes N] [--out FOLDER] [--add] [--copy FOLDER] [--provider FILE|FOLDER] [--runtime FOLDER]`
// Exit code 0: all is well; 1: something is not; 2: there is no such device.
import { execFileSync, spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { DeviceName } from '../../src/domain/device.ts';
import { torchEnvironment } from '../bench/engine/torchPeer.ts';
import { parts, piecesOf } from './parts/index.ts';
import { prepareCuda } from './prepareCuda.ts';
import { earlierParts, type GpuRow, isWell, lineOf, type PartReport, writeReport } from './report.ts';

const { values } = parseArgs({
  options: {
    device: { type: 'string', default: 'cuda' },
    only: { type: 'string' },
    small: { type: 'boolean', default: false },
    'no-torch': { type: 'boolean', default: false },
    minutes: { type: 'string', default: '60' },
    out: { type: 'string' },
    // Parts of the report that is there stay where they are not run again.
    add: { type: 'boolean', default: false },
    // The report is written there too.
    copy: { type: 'string' },
    provider: { type: 'string' },
    runtime: { type: 'string' },
    part: { type: 'string' },
    piece: { type: 'string', default: '' },
  },
});
const device = values.device as DeviceName;
const request = { device, small: values.small, torch: !values['no-torch'], piece: values.piece };

if (values.part === undefined) process.exitCode = await runAll();
else process.exit(await runPart(values.part));

/** One part in this process: each row is a line. */
async function runPart(name: string): Promise<number> {
  for await (const row of parts[name as keyof typeof parts].run(request)) console.log(JSON.stringify({ row }));
  return 0;
}

async function runAll(): Promise<number> {
  const facts: Record<string, string> = { device, ...machineFacts() };
  if (device === 'cuda') {
    const cuda = await prepareCuda({ ...pick('provider'), ...pick('runtime') });
    if (cuda.refusal !== undefined) {
      console.log(cuda.refusal);
      return 2;
    }
    Object.assign(facts, cuda.facts);
  }
  const until = performance.now() + 60_000 * Number(values.minutes);
  const reports: PartReport[] = [];
  const folder = values.out ?? path.join(import.meta.dirname, '..', 'bench', 'results');
  const coming = wanted();
  const again = coming.map(({ part, piece }) => titleOf(part, piece));
  const earlier = values.add ? earlierParts(folder, { device, small: values.small }) : [];
  const kept = earlier.filter(({ part }) => !again.includes(part));
  for (const { part, piece } of coming) {
    const left = (until - performance.now()) / 1000;
    reports.push(left < 5 ? skipped(part, piece) : await inChild(part, piece, left));
    console.log(lineOf(reports.at(-1)!));
    // What was found is kept, whatever a later part does to this process or to the machine.
    const report = { device, small: values.small, facts, parts: [...kept, ...reports] };
    for (const place of [folder, values.copy]) if (place !== undefined) writeReport(place, report);
  }
  return reports.every(isWell) ? 0 : 1;
}

function pick<K extends 'provider' | 'runtime'>(key: K): { readonly [key in K]?: string } {
  const value = values[key];
  return (value === undefined ? {} : { [key]: value }) as { readonly [key in K]?: string };
}

function wanted(): readonly { readonly part: keyof typeof parts; readonly piece: string }[] {
  const only = values.only?.split(',');
  const unknown = only?.filter((each) => !(each.split('/')[0]! in parts)) ?? [];
  if (unknown.length > 0) throw new Error(`There is no part ${unknown.join(', ')}: ${Object.keys(parts).join(', ')}.`);
  const all = (Object.keys(parts) as (keyof typeof parts)[]).flatMap((part) =>
    piecesOf(part, values.small).map((piece) => ({ part, piece })),
  );
  // A piece is named "speed/unet51r75:bf16", all of a part by the part.
  return only === undefined
    ? all
    : all.filter(({ part, piece }) => only.includes(part) || only.includes(`${part}/${piece}`));
}

function titleOf(part: string, piece: string): string {
  return piece === '' ? part : `${part} ${piece}`;
}

function skipped(part: string, piece: string): PartReport {
  return { part: titleOf(part, piece), seconds: 0, ended: 'left out, since no time was left', rows: [] };
}

/** Runs a part in a process of its own, with what it needs in its environment. A part that takes too long is ended with its children. */
async function inChild(part: keyof typeof parts, piece: string, seconds: number): Promise<PartReport> {
  const { limit, environment } = parts[part];
  const args = [...process.execArgv, process.argv[1]!, '--part', part, '--piece', piece, '--device', device];
  const flags = [...(values.small ? ['--small'] : []), ...(values['no-torch'] ? ['--no-torch'] : [])];
  const begin = performance.now();
  const child = spawn(process.execPath, [...args, ...flags], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const rows: GpuRow[] = [];
  let complaints = '';
  let isLate = false;
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-4000);
  });
  const timer = setTimeout(() => {
    isLate = true;
    process.kill(-child.pid!, 'SIGKILL');
  }, 1000 * Math.min(seconds, limit));
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(code === 0 ? '' : `ended by ${signal ?? `exit code ${code}`}`));
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{"row":')) rows.push((JSON.parse(line) as { readonly row: GpuRow }).row);
    else console.log(line);
  }
  const how = await ended;
  clearTimeout(timer);
  const why = isLate ? `ended after ${Math.round(Math.min(seconds, limit))} s` : how;
  const said = why === '' ? {} : { ended: [why, lastLine(complaints)].filter((each) => each !== '').join(': ') };
  return { part: titleOf(part, piece), seconds: (performance.now() - begin) / 1000, ...said, rows };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
}

function machineFacts(): Record<string, string> {
  const code =
    'import torch; print(torch.__version__, "CUDA", torch.version.cuda, "sees a GPU:", torch.cuda.is_available())';
  return {
    'Node.js': process.version,
    PyTorch: values['no-torch'] ? 'not asked for' : (output('python3', ['-c', code]) ?? 'none'),
    TF32:
      process.env['NVIDIA_TF32_OVERRIDE'] === '0'
        ? 'off everywhere'
        : 'on for float32 products in the parts about speed, on both sides; off where numbers are compared with the CPU',
  };
}

function output(program: string, args: readonly string[]): string | undefined {
  try {
    const options = { encoding: 'utf8', env: torchEnvironment(), timeout: 60_000 } as const;
    return execFileSync(program, args, { ...options, stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
