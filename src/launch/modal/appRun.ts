import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LaunchRecord } from '../../domain/launch.ts';
import { runEnvironment, runFiles } from '../../domain/runDirectory.ts';
import type { ModalSettings } from '../../domain/target.ts';
import { LocalExecutor } from '../remote/localExecutor.ts';
import { readModalNote, writeModalNote } from './modalNote.ts';
import type { ModalEnd, ModalRun } from './modalRun.ts';

const pollMs = 20_000;
const listLimitMs = 60_000;

/**
 * Runs the repository's own app: `modal run --detach …`, as a person would type it. Its words go to output.log; the app's id in them makes it possible to
 * go on when this follower, or the machine, has been away: a detached app runs on, and is then watched by `modal app list --json`.
 */
export async function startApp(directory: string, record: LaunchRecord, settings: ModalSettings): Promise<ModalRun> {
  const program = settings.program ?? ['modal'];
  const note = readModalNote(directory);
  const known = note?.appId;
  const stopApp = async () => {
    const appId = readModalNote(directory)?.appId;
    if (appId !== undefined)
      await new LocalExecutor().run([...program, 'app', 'stop', appId], { timeoutMs: listLimitMs });
  };
  if (known !== undefined)
    return { where: `Modal app ${known}`, stop: stopApp, ended: untilStopped(program, known, directory) };
  if (note !== undefined)
    throw new Error('the app was started, and nobody noted its id. Look for it on modal.com, then run again.');
  writeModalNote(directory, { format: 1, askedAt: Date.now() / 1000 });
  const child = spawnCommand(directory, record);
  return {
    where: 'Modal app',
    stop: async (force) => {
      if (child.pid !== undefined) endGroup(child.pid, force ? 'SIGKILL' : 'SIGINT');
      await stopApp();
    },
    ended: new Promise((resolve) => {
      child.once('error', (error) =>
        resolve({ code: 127, error: `${record.command[0]} could not be started: ${error.message}` }),
      );
      child.once('close', (code, signal) =>
        resolve(signal === null ? { code: code ?? 1 } : { code: 1, error: `ended by ${signal}` }),
      );
    }),
  };
}

function spawnCommand(directory: string, record: LaunchRecord) {
  const [program, ...args] = record.command;
  const log = path.join(directory, runFiles.log);
  openSync(log, 'a', 0o600);
  const child = spawn(program!, args, {
    cwd: record.cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...record.env, [runEnvironment.runId]: record.id, [runEnvironment.runDirectory]: directory },
  });
  let said = '';
  let writing = Promise.resolve();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece: Buffer) => {
      writing = writing.then(() => appendFile(log, piece)).catch(() => {});
      if (said.length < 100_000) said += piece.toString('utf8');
      const appId = appIdIn(said);
      if (appId === undefined || readModalNote(directory)?.appId !== undefined) return;
      writeModalNote(directory, { format: 1, askedAt: record.createdAt, appId });
    });
  }
  return child;
}

/** The id of the app in what `modal run` prints: "View run at https://modal.com/apps/…/ap-…". */
export function appIdIn(text: string): string | undefined {
  return /\b(ap-[A-Za-z0-9]{6,})\b/.exec(text)?.[1];
}

/** The state of an app in the answer of `modal app list --json`, whose keys differ between versions; '' where it is not listed. */
export function appStateIn(json: string, appId: string): string | undefined {
  let apps: unknown;
  try {
    apps = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (!Array.isArray(apps)) return undefined;
  for (const app of apps as { readonly [key: string]: unknown }[]) {
    const values = Object.entries(app).map(
      ([key, value]) => [key.toLowerCase().replace(/[\s_]/g, ''), String(value)] as const,
    );
    const byKey = new Map(values);
    if (byKey.get('appid') === appId) return byKey.get('state') ?? '';
  }
  return '';
}

async function untilStopped(program: readonly string[], appId: string, directory: string): Promise<ModalEnd> {
  const executor = new LocalExecutor();
  for (;;) {
    const answer = await executor
      .run([...program, 'app', 'list', '--json'], { timeoutMs: listLimitMs })
      .catch(() => undefined);
    const state = answer?.code === 0 ? appStateIn(answer.stdout, appId) : undefined;
    // No answer is no end.
    if (state !== undefined && (state === '' || /stopped/i.test(state))) break;
    await delay(pollMs);
  }
  const logs = await executor
    .run([...program, 'app', 'logs', appId], { timeoutMs: listLimitMs })
    .catch(() => undefined);
  if (logs?.code === 0) await appendFile(path.join(directory, runFiles.log), logs.stdout);
  return {
    code: 1,
    error: `The app ${appId} has stopped while nobody followed it, so its exit code is not known; its log says how it went.`,
  };
}

function endGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}
