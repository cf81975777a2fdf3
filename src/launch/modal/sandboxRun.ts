import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ModalClient, NotFoundError, type Sandbox } from 'modal';
import type { LaunchRecord } from '../../domain/launch.ts';
import { runEnvironment } from '../../domain/runDirectory.ts';
import type { ModalSettings } from '../../domain/target.ts';
import { packCode } from './codeArchive.ts';
import { FrameReader } from './frames.ts';
import { readModalNote, writeModalNote } from './modalNote.ts';
import type { ModalEnd, ModalRun } from './modalRun.ts';

const usualApp = 'trainyard';
const usualImage = 'python:3.11';
/** Modal's own limit is five minutes where nothing is said; a training run is not meant by that. */
const usualMinutes = 24 * 60;
const volumePlace = '/trainyard';
const stdinPiece = 64 * 1024;

/**
 * Runs the job in a sandbox of Modal. Its name is the run's id, which Modal gives once per app: asked twice, also by a runner that does not know of the
 * first, there is one sandbox. The sandbox outlives its follower; a later one hears everything from the beginning.
 */
export async function startSandbox(
  directory: string,
  record: LaunchRecord,
  settings: ModalSettings,
): Promise<ModalRun> {
  const client = new ModalClient();
  const attached = await existing(client, directory, record, settings);
  if (attached === undefined && readModalNote(directory) !== undefined) throw new Error(uncertain(record.id));
  if (attached === undefined) writeModalNote(directory, fresh());
  const sandbox = attached ?? (await create(client, record, settings));
  writeModalNote(directory, { ...(readModalNote(directory) ?? fresh()), sandboxId: sandbox.sandboxId });
  if (attached === undefined) await sendCode(sandbox, record.cwd);
  return {
    where: `Modal sandbox ${sandbox.sandboxId}`,
    stop: async (force) => {
      // Only who has written to the sandbox from its start can go on writing; another follower ends it the hard way.
      if (force || attached !== undefined) await sandbox.terminate();
      else await sandbox.stdin.writeText('stop\n');
    },
    ended: follow(client, sandbox, directory),
  };
}

async function existing(
  client: ModalClient,
  directory: string,
  record: LaunchRecord,
  settings: ModalSettings,
): Promise<Sandbox | undefined> {
  const known = readModalNote(directory)?.sandboxId;
  try {
    if (known !== undefined) return await client.sandboxes.fromId(known);
    return await client.sandboxes.fromName(settings.appName ?? usualApp, record.id);
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

async function create(client: ModalClient, record: LaunchRecord, settings: ModalSettings): Promise<Sandbox> {
  const app = await client.apps.fromName(settings.appName ?? usualApp, { createIfMissing: true });
  const image = client.images.fromRegistry(settings.image ?? usualImage);
  const volume =
    settings.volume === undefined
      ? undefined
      : await client.volumes.fromName(settings.volume, { createIfMissing: true });
  const base = volume === undefined ? '/tmp/trainyard' : volumePlace;
  const rundir = `${base}/runs/${record.id}`;
  const job = {
    command: record.command,
    env: { ...record.env, [runEnvironment.runId]: record.id, [runEnvironment.runDirectory]: rundir },
    workdir: `/tmp/trainyard/code/${record.id}`,
    rundir,
    archive: true,
  };
  const agent = readFileSync(path.join(import.meta.dirname, 'sandboxAgent.py'), 'utf8');
  return await client.sandboxes.create(app, image, {
    name: record.id,
    tags: { 'trainyard-run': record.id },
    command: ['python3', '-u', '-c', agent, JSON.stringify(job)],
    timeoutMs: (settings.timeoutMinutes ?? usualMinutes) * 60_000,
    ...(settings.gpu === undefined ? {} : { gpu: settings.gpu }),
    ...(volume === undefined ? {} : { volumes: { [volumePlace]: volume } }),
  });
}

async function sendCode(sandbox: Sandbox, folder: string): Promise<void> {
  const text = (await packCode(folder)).toString('base64');
  for (let at = 0; at < text.length; at += stdinPiece)
    await sandbox.stdin.writeText(`${text.slice(at, at + stdinPiece)}\n`);
  await sandbox.stdin.writeText('\n');
}

async function follow(client: ModalClient, sandbox: Sandbox, directory: string): Promise<ModalEnd> {
  const frames = new FrameReader(directory);
  const errors: string[] = [];
  const listening = Promise.all([
    readAll(sandbox.stdout, (text) => frames.take(text)),
    readAll(sandbox.stderr, (text) => errors.push(text)),
  ]);
  try {
    const code = await sandbox.wait();
    await listening;
    const { end } = frames;
    if (end !== undefined && end.signal !== null) return { code: 128 + end.signal };
    if (end !== undefined && end.code !== null) return { code: end.code };
    const said = [...frames.strange, ...errors.join('').split('\n')].filter((line) => line.trim() !== '').at(-1);
    return { code, error: said ?? endWords(code) };
  } finally {
    client.close();
  }
}

/** The codes that Modal gives to ends that are not the program's own. */
function endWords(code: number): string {
  if (code === 124) return 'Modal ended the sandbox: its time was over.';
  if (code === 137) return 'Modal ended the sandbox: it was terminated, or its memory was full.';
  return `The sandbox ended with exit code ${code} before the command did.`;
}

async function readAll(stream: AsyncIterable<string>, take: (text: string) => void): Promise<void> {
  try {
    for await (const text of stream) take(text);
  } catch {
    // The end of the sandbox tells what there is to tell.
  }
}

/** Between asking and noting a runner died; asking again might train twice, and cost twice. */
function uncertain(id: string): string {
  return `a sandbox was asked for, and nobody noted whether it came. Look for "${id}" on modal.com, then run again.`;
}

function fresh(): { readonly format: 1; readonly askedAt: number } {
  return { format: 1, askedAt: Date.now() / 1000 };
}
