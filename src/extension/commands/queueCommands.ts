import * as vscode from 'vscode';
import { AppError } from '../../base/errors.ts';
import type { JobId } from '../../domain/ids.ts';
import type { Job } from '../../domain/job.ts';
import type { App } from '../app.ts';
import { demandTrust } from '../folders.ts';
import { collectJobs, isMovable, jobLooks, neighbour } from '../queue/model.ts';
import { runIdsOf } from './arguments.ts';

type Args = readonly unknown[];

export async function moveJobUp(app: App, ...args: Args): Promise<void> {
  await moveJob(app, args, 'up');
}

export async function moveJobDown(app: App, ...args: Args): Promise<void> {
  await moveJob(app, args, 'down');
}

async function moveJob(app: App, args: Args, direction: 'up' | 'down'): Promise<void> {
  const job = await chooseJob(app, args, isMovable, 'Move in the Queue');
  if (job === undefined) return;
  const place = neighbour(await app.jobs(), job.id, direction);
  if (place !== undefined) await app.worker.call('queue.move', { jobId: job.id, before: place.before });
}

export async function holdJob(app: App, ...args: Args): Promise<void> {
  const job = await chooseJob(app, args, ({ state }) => state === 'waiting', 'Hold');
  if (job !== undefined) await app.worker.call('queue.hold', { jobId: job.id, held: true });
}

export async function releaseJob(app: App, ...args: Args): Promise<void> {
  demandTrust();
  const job = await chooseJob(app, args, ({ state }) => state === 'held', 'Release');
  if (job !== undefined) await app.worker.call('queue.hold', { jobId: job.id, held: false });
}

export async function cancelJob(app: App, ...args: Args): Promise<void> {
  const job = await chooseJob(app, args, isMovable, 'Cancel');
  if (job !== undefined) await app.worker.call('queue.cancel', { jobId: job.id });
}

/** Asks for the priority of a job that waits; the second argument of a scripted call gives it. */
export async function setPriority(app: App, ...args: Args): Promise<void> {
  const job = await chooseJob(app, args, isMovable, 'Set Priority');
  if (job === undefined) return;
  const given = typeof args[1] === 'number' ? String(args[1]) : undefined;
  const text =
    given ??
    (await vscode.window.showInputBox({
      title: `Priority of ${job.runName}`,
      prompt: 'Higher starts first; 0 is the usual, negative lets others pass',
      value: String(job.priority ?? 0),
      validateInput: (typed) => (/^-?\d{1,6}$/.test(typed.trim()) ? undefined : 'Give a whole number.'),
    }));
  if (text !== undefined) await app.worker.call('queue.prioritize', { jobId: job.id, priority: Number(text) });
}

/** The job of the row or id that was given, else the selected row of the view, else the one that the person picks. */
async function chooseJob(
  app: App,
  args: Args,
  accepts: (job: Job) => boolean,
  title: string,
): Promise<Job | undefined> {
  const jobs = await app.jobs();
  const [given] = runIdsOf(args.length > 0 ? args : app.queueSelection());
  if (given !== undefined) {
    const job = jobs.find(({ id }) => id === (given as string as JobId));
    if (job === undefined) throw new AppError('not-found', 'That job is not in the queue any more.');
    if (!accepts(job))
      throw new AppError('conflict', `${job.runName} is ${jobLooks[job.state].word}, so that is not possible.`);
    return job;
  }
  const fitting = collectJobs(jobs)
    .map(({ job }) => job)
    .filter(accepts);
  if (fitting.length === 0) {
    void vscode.window.showInformationMessage('No job in the queue fits.');
    return undefined;
  }
  const items = fitting.map((job) => ({ label: job.runName, description: job.reason, job }));
  return (await vscode.window.showQuickPick(items, { title, placeHolder: 'Job' }))?.job;
}
