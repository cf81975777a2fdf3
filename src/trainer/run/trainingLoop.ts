import { AppError } from '../../base/errors.ts';
import { runFiles } from '../../domain/runDirectory.ts';
import type { CallTimes } from '../engine/fusedSteps.ts';
import type { HeldState } from '../engine/heldState.ts';
import { lossTag } from '../engine/stepNames.ts';
import type { EventFile } from '../events/eventFile.ts';
import { CallPlan, type CallTiming } from './callPlan.ts';
import type { CheckpointStore } from './checkpointStore.ts';
import { collectGarbage } from './collectGarbage.ts';
import { peakMemory } from './freeMemory.ts';
import type { Measurements } from './measurements.ts';
import { type Divergence, findDivergence, logSteps } from './metricLog.ts';
import { dataWaitTag, peakMemoryTag, speedTag } from './metrics.ts';
import type { PreparedRun } from './prepareRun.ts';
import type { RunFolder } from './runFolder.ts';
import type { Terminal } from './terminal.ts';

/**
 * Of so many bytes of parameters, what a call leaves behind is collected at once: the state before it and the model's outputs, eight times as much. Left to V8, they lay
 * there two calls long, which was a third of all memory of a network of 17 million.
 */
const largeParameterBytes = 16e6;

/** What the loop works with. All of it belongs to the caller. */
export interface LoopParts {
  readonly run: PreparedRun;
  readonly folder: RunFolder;
  readonly events: EventFile;
  readonly checkpoints: CheckpointStore;
  readonly measurements: Measurements;
  readonly terminal: Terminal;
  /** Lets signals in; throws StopRequested. */
  readonly pause: () => Promise<void>;
}

/** Trains from the start state to the last step. Where `run` throws, the loop holds the last state that is good; it lasts as long as the run's steps. */
export class TrainingLoop {
  readonly #parts: LoopParts;
  readonly #calls: CallPlan;
  #state: HeldState;
  #phase = 'training';
  #loss: number | undefined;
  #secondsPerStep: number | undefined;

  constructor(parts: LoopParts) {
    this.#parts = parts;
    this.#calls = new CallPlan(parts.run.settings, parts.run.placement.device);
    this.#state = parts.run.steps.hold(parts.run.start.take());
  }

  /** Steps done. */
  get step(): number {
    return this.#state.step;
  }

  /** The averaged weights [parameters] of the last good state. */
  async average(): Promise<Float32Array> {
    return (await this.#state.download()).vectors.average;
  }

  /** Runs to the end. Throws StopRequested, AppError 'diverged', or what the file system says. */
  async run(): Promise<void> {
    const { settings, steps } = this.#parts.run;
    if (this.#state.step >= settings.steps) return;
    await this.#enter('building the model');
    await steps.prepare();
    await this.#enter('training');
    while (this.#state.step < settings.steps) {
      await this.#train(this.#nextCall());
      await this.#pause();
      await this.#measure();
    }
  }

  /** Saves the last good state, where it is not saved yet. */
  async save(): Promise<void> {
    const { checkpoints, events } = this.#parts;
    if (this.#state.step === 0 || checkpoints.savedStep === this.#state.step) return;
    const state = await this.#state.download();
    // The points come to the disk before the checkpoint, so that a resumed run never lacks some.
    events.sync();
    checkpoints.save(state);
  }

  /** Says in progress.json and on the terminal what the run does now. */
  report(phase: string, now = true): void {
    this.#phase = phase;
    const { folder, run, terminal } = this.#parts;
    const progress = { phase, step: this.#state.step, totalSteps: run.settings.steps };
    const secondsPerStep = this.#secondsPerStep;
    folder.writeProgress({ ...progress, ...(secondsPerStep === undefined ? {} : { secondsPerStep }) }, now);
    terminal.progress({ ...progress, secondsPerStep, loss: this.#loss });
  }

  #nextCall(): number {
    return this.#calls.next(this.#state.step);
  }

  async #train(count: number): Promise<void> {
    const { run, events } = this.#parts;
    const startedAt = Date.now() / 1000;
    const result = await run.steps.advance(this.#state, count);
    const endedAt = Date.now() / 1000;
    const done = { before: this.#state.step, metrics: result.metrics, startedAt, endedAt };
    const divergence = findDivergence(done);
    // The points up to the bad one are logged, so that the chart shows what happened.
    logSteps(events, done, run.settings.logEvery, divergence?.step ?? result.state.step);
    if (divergence !== undefined) {
      result.state.dispose();
      events.flush();
      throw this.#diverged(divergence);
    }
    this.#takeState(result.state);
    this.#loss = result.metrics.get(lossTag)!.at(-1);
    this.#noteSpeed(count, Math.max(endedAt - startedAt, 1e-6), result.times);
    events.flush();
  }

  #takeState(next: HeldState): void {
    this.#state.dispose();
    this.#state = next;
    const { parameterBytes } = this.#parts.run.start;
    if (next.place === 'host' && parameterBytes >= largeParameterBytes) collectGarbage();
  }

  #noteSpeed(count: number, duration: number, times: CallTimes): void {
    const current = duration / count;
    this.#secondsPerStep = this.#secondsPerStep === undefined ? current : 0.8 * this.#secondsPerStep + 0.2 * current;
    const total = Object.values(times).reduce((sum, each) => sum + each, 0);
    const values = [
      { tag: speedTag, value: 1 / current },
      { tag: dataWaitTag, value: total === 0 ? 0 : times.data / total },
      { tag: peakMemoryTag, value: peakMemory() / 1e6 },
    ];
    this.#parts.events.write(this.#state.step, { kind: 'scalars', values });
    const timing = this.#calls.note(count, duration);
    if (timing !== undefined) this.#parts.terminal.line(describeTiming(timing));
  }

  /** What is due at this step: evaluation, samples, then the checkpoint, which says that all of it is done. */
  async #measure(): Promise<void> {
    const { run, measurements, events } = this.#parts;
    const { settings } = run;
    const due = (every: number) => isDue(every, this.#state.step, settings.steps);
    if (measurements.canEvaluate && due(settings.evaluateEvery)) {
      await this.#enter('evaluating');
      this.#announce(await measurements.evaluate(await this.#state.average(), this.#state.step, this.#pause));
    }
    if (measurements.canSample && due(settings.sampleEvery)) {
      await this.#enter('drawing samples');
      this.#announce(await measurements.sample(await this.#state.average(), this.#state.step, this.#pause));
    }
    events.flush();
    if (due(settings.checkpointEvery)) {
      await this.#enter('saving');
      await this.save();
    }
    if (this.#phase !== 'training' && this.#state.step < settings.steps) await this.#enter('training');
  }

  #announce(figures: ReadonlyMap<string, number>): void {
    if (figures.size === 0) return;
    const list = [...figures].map(([tag, value]) => `${tag} ${Number(value.toPrecision(5))}`);
    this.#parts.terminal.line(`step ${this.#state.step}: ${list.join(', ')}`);
  }

  async #enter(phase: string): Promise<void> {
    this.report(phase);
    await this.#parts.pause();
  }

  /** Between two models: shows life, lets signals in. */
  readonly #pause = async (): Promise<void> => {
    this.report(this.#phase, false);
    await this.#parts.pause();
  };

  #diverged({ tag, step, value }: Divergence): AppError {
    const saved = this.#parts.checkpoints.savedStep;
    const kept =
      saved === undefined
        ? 'No checkpoint had been made yet.'
        : `The last good checkpoint, of step ${saved}, is kept (${runFiles.lastCheckpoint}).`;
    return new AppError('diverged', `${tag} became ${value} at step ${step}. ${kept}`, {
      hint: 'Lower optimizer.learningRate or optimizer.clipNorm, or lengthen optimizer.warmupSteps, and resume or start again.',
    });
  }
}

function describeTiming({ step, call, stepsPerCall }: CallTiming): string {
  const ms = (seconds: number) => `${Number((1000 * seconds).toPrecision(2))} ms`;
  return `${stepsPerCall} steps in a call: a step takes ${ms(step)}, handing the state over and back ${ms(call)}.`;
}

/** Whether a multiple of `every` or the end is reached. */
function isDue(every: number, done: number, last: number): boolean {
  return done === last || (every > 0 && done % every === 0);
}
