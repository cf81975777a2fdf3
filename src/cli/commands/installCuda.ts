import { createInterface } from 'node:readline/promises';
import { type ErrorInfo, toErrorInfo } from '../../base/errors.ts';
import { userWorkerPaths } from '../../client/index.ts';
import {
  describePlan,
  type InstallPlan,
  type InstallProgress,
  type InstallRequest,
  planInstall,
  runInstall,
} from '../../trainer/devices/cuda/install.ts';
import { cudaStatus, describeStatus } from '../../trainer/devices/cuda/status.ts';
import { noPositionals, parseArguments, UsageError } from '../arguments.ts';
import { exitCodes } from '../exitCodes.ts';
import { print, printNote, write } from '../output.ts';
import { printHelp } from './common.ts';

const help = `trainyard install-cuda [--from FILE|FOLDER] [--yes] [--plan] [--check] [--json]

Fetches the CUDA provider of ONNX Runtime (Linux on x64), which no package holds, from NuGet into Trainyard's own folder, checks it
and says what else the machine lacks (driver, CUDA runtime, cuDNN) and how to get it. Asks before it fetches. A download that was
cut or stopped (Ctrl+C) goes on where it was. HTTPS_PROXY and NO_PROXY hold.

  --from   a .nupkg or .whl that is here already, or a folder with libonnxruntime_providers_cuda.so and _shared.so
  --yes    without asking
  --plan   only says what would be fetched
  --check  only says what is installed and what is missing
  --json   one JSON object per line: {"event": "plan"|"progress"|"done"|"status"|"failed", …}
  TRAINYARD_NUGET  another feed: the address of its index.json

Exit code: 0 installed (or, with --check, nothing is missing), 1 not.`;

const options = {
  from: { type: 'string' },
  yes: { type: 'boolean' },
  plan: { type: 'boolean' },
  check: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** `trainyard install-cuda`. */
export async function runInstallCuda(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArguments(args, options);
  if (values.help === true) return printHelp(help);
  noPositionals(positionals);
  const say = values.json === true ? speakJson() : speakToPeople();
  const { home } = userWorkerPaths();
  if (values.check === true) return report(home, say);
  const stop = new AbortController();
  const abort = () => stop.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, abort);
  try {
    const from = values.from === undefined ? {} : { from: values.from };
    const request: InstallRequest = { home, ...from, env: process.env, signal: stop.signal };
    const plan = await planInstall(request);
    say.plan(plan);
    if (values.plan === true) return exitCodes.done;
    if (values.yes !== true && !(await isAgreed(stop.signal))) return exitCodes.failed;
    say.done(await runInstall(plan, request, say.progress));
    report(home, say);
    return exitCodes.done;
  } catch (error) {
    say.failed(toErrorInfo(error));
    throw error;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, abort);
  }
}

interface Speech {
  plan(plan: InstallPlan): void;
  progress(progress: InstallProgress): void;
  done(folder: string): void;
  status(status: ReturnType<typeof cudaStatus>): void;
  failed(error: ErrorInfo): void;
}

function report(home: string, say: Speech): number {
  const status = cudaStatus(home);
  say.status(status);
  return status.folder !== undefined && status.missing.length === 0 ? exitCodes.done : exitCodes.failed;
}

function speakToPeople(): Speech {
  let shown = -1;
  return {
    plan: (plan) => print(describePlan(plan)),
    progress: ({ phase, bytes, total }) => {
      if (phase === 'unpack') printNote('Unpacking.');
      const tenth = Math.floor((10 * bytes) / (total ?? 200_000_000));
      if (phase !== 'download' || tenth === shown) return;
      shown = tenth;
      const of = total === undefined ? '' : ` of ${Math.round(total / 1e6)}`;
      printNote(`${Math.round(bytes / 1e6)}${of} MB`);
    },
    done: (folder) => print(`Installed in ${folder}.`),
    // It is thrown on, and told where all failures are.
    failed: () => {},
    status: (status) => {
      for (const line of describeStatus(status)) print(line);
    },
  };
}

function speakJson(): Speech {
  const line = (event: string, fields: object) => write(`${JSON.stringify({ event, ...fields })}\n`);
  return {
    plan: (plan) => {
      const { source, isFetched, size, folder, isInstalled, release } = plan;
      const text = describePlan(plan);
      line('plan', { text, source, isFetched, size: size ?? null, folder, isInstalled, version: release.version });
    },
    progress: ({ phase, bytes, total }) => line('progress', { phase, bytes, total: total ?? null }),
    done: (folder) => line('done', { folder }),
    failed: (error) => line('failed', error),
    status: (status) =>
      line('status', { folder: status.folder ?? null, missing: status.missing, text: describeStatus(status) }),
  };
}

/** The person's word. Without a terminal nobody can be asked, so it must be given before. */
async function isAgreed(signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError('Nobody can be asked here; say --yes.');
  const questions = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await questions.question('Go on? [y/N] ', { signal });
    return /^\s*y(es)?\s*$/i.test(answer);
  } catch {
    return false;
  } finally {
    questions.close();
  }
}
