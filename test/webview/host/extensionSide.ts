import { createMessageConnection } from 'vscode-jsonrpc/browser';
import { AppError } from '../../../src/base/errors.ts';
import type { RunId } from '../../../src/domain/ids.ts';
import type { Json } from '../../../src/domain/json.ts';
import type { MediaRecord } from '../../../src/domain/records.ts';
import type { RunDetail, RunSummary } from '../../../src/domain/run.ts';
import { type Port, PortReader, PortWriter } from '../../../src/protocol/messagePort.ts';
import { type Handlers, type RpcNotifier, serve } from '../../../src/protocol/rpc.ts';
import type { PanelEvents, PanelMethods } from '../../../src/protocol/webview.ts';
import { GeneratedSeries, tileOf } from './generated.ts';
import type { Command, ImageSpec, RunSpec, SavedFile, Scenario } from './scenario.ts';
import { solidPng } from './solidPng.ts';

const CREATED = 1_760_000_000;

interface Run {
  readonly spec: RunSpec;
  readonly summary: RunSummary;
  readonly series: Map<string, GeneratedSeries>;
  readonly images: ImageSpec[];
}

/** The extension as a panel sees it, over made-up runs. */
export class ExtensionSide {
  readonly calls: Record<string, number> = {};
  readonly saved: SavedFile[] = [];
  #kept: Json;
  readonly #scenario: Scenario;
  readonly #runs: Map<string, Run>;
  readonly #fails: Map<string, string>;
  readonly #notifier: RpcNotifier<PanelEvents>;

  constructor(scenario: Scenario, port: Port) {
    this.#scenario = scenario;
    this.#kept = (scenario.kept ?? null) as Json;
    this.#fails = new Map(Object.entries(scenario.fails ?? {}));
    this.#runs = new Map(scenario.runs.map((spec, index) => [spec.id, makeRun(spec, index)]));
    const connection = createMessageConnection(new PortReader(port), new PortWriter(port));
    this.#notifier = serve<PanelMethods, PanelEvents>(connection, this.#watched(this.#handlers()));
    connection.listen();
  }

  /** Does what a test says, and gives what it asks for. */
  command(command: Command): unknown {
    switch (command.do) {
      case 'append':
        this.#runs.get(command.runId)?.series.get(command.tag)?.grow(command.points);
        return this.#appended(command.runId, [command.tag], false);
      case 'addTag':
        this.#runs.get(command.runId)?.series.set(command.series.tag, new GeneratedSeries(command.series));
        return this.#appended(command.runId, [command.series.tag], false);
      case 'addImage':
        this.#addImage(command.runId, command.tag, command.step);
        return this.#appended(command.runId, [command.tag], true);
      case 'worker':
        return this.#notifier.notify('worker.state', { connected: command.connected, message: command.message });
      case 'select':
        return this.#notifier.notify('selection.changed', { runIds: command.runIds as RunId[] });
      case 'fail':
        if (command.message === null) this.#fails.delete(command.method);
        else this.#fails.set(command.method, command.message);
        return null;
      case 'calls':
        return this.calls;
      case 'saved':
        return this.saved;
    }
  }

  #appended(runId: string, tags: readonly string[], media: boolean): null {
    this.#notifier.notify('series.appended', { runId: runId as RunId, tags, media });
    return null;
  }

  #addImage(runId: string, tag: string, step: number): void {
    const images = this.#runs.get(runId)?.images;
    const at = images?.findIndex((image) => image.tag === tag) ?? -1;
    if (images === undefined || at < 0) return;
    images[at] = { ...images[at]!, steps: [...images[at]!.steps, step] };
  }

  #handlers(): Handlers<PanelMethods> {
    const find = (runId: string, tag: string) => this.#runs.get(runId)?.series.get(tag);
    return {
      'panel.init': () => ({
        panel: this.#scenario.panel,
        runIds: (this.#scenario.chosen ?? [...this.#runs.keys()]) as RunId[],
        runs: this.#summaries(),
        state: this.#kept,
        settings: { smoothing: 0, maxPointsPerFrame: 200_000, ...this.#scenario.settings },
      }),
      'panel.saveState': ({ state }) => {
        this.#kept = state;
        return null;
      },
      'runs.list': () => ({ runs: this.#summaries() }),
      'runs.get': ({ runId }) => this.#detail(runId),
      'series.query': (query) => tileOf(query, find),
      'series.points': ({ runId, tag, from, count }) => {
        const series = find(runId, tag);
        if (series === undefined) throw new AppError('not-found', `Run ${runId} has no tag ${tag}.`);
        return series.points(from, count);
      },
      'media.list': ({ runId, tag }) => ({
        items: this.#media(runId).filter((item) => tag === undefined || item.tag === tag),
      }),
      'media.read': ({ runId, tag, step, index, cell }) => {
        // The picture's colour is told by its name: `files/7.png`.
        if (cell !== undefined)
          return { mime: 'image/png', bytes: solidPng(32, [10 * Number(/(\d+)\.png$/.exec(cell)?.[1]), 40, 40]) };
        const runIndex = [...this.#runs.keys()].indexOf(runId);
        const given = this.#runs
          .get(runId)
          ?.spec.media?.find((one) => one.tag === tag && one.step === step && (one.index ?? 0) === index);
        if (given !== undefined)
          return {
            mime: given.mime,
            bytes: Uint8Array.from(atob(given.base64), (character) => character.charCodeAt(0)),
          };
        const image = this.#runs.get(runId)?.images[0];
        return {
          mime: 'image/png',
          bytes: solidPng(image?.size ?? 8, [(step * 5) % 256, (runIndex * 80 + 40) % 256, (index * 60) % 256]),
        };
      },
      'file.save': ({ suggestedName, bytes }) => {
        this.saved.push({ name: suggestedName, bytes });
        return { saved: true };
      },
      'clipboard.write': () => null,
      'command.run': () => null,
    };
  }

  /** Counts calls, makes them slow and lets them fail as the scenario says. */
  #watched(handlers: Handlers<PanelMethods>): Handlers<PanelMethods> {
    const watched = Object.entries(handlers).map(([method, handle]) => [
      method,
      async (params: never, signal: AbortSignal) => {
        this.calls[method] = (this.calls[method] ?? 0) + 1;
        if (this.#scenario.delayMs !== undefined) await new Promise((done) => setTimeout(done, this.#scenario.delayMs));
        const failure = this.#fails.get(method);
        if (failure !== undefined)
          throw new AppError('worker-unavailable', failure, { hint: 'Run "Trainyard: Restart Worker".' });
        return handle(params, signal);
      },
    ]);
    return Object.fromEntries(watched) as Handlers<PanelMethods>;
  }

  #summaries(): RunSummary[] {
    return [...this.#runs.values()].map(({ summary }) => summary);
  }

  #detail(runId: string): RunDetail {
    const run = this.#runs.get(runId);
    if (run === undefined) throw new AppError('not-found', `There is no run ${runId}.`);
    const series = [...run.series.values()].map((made) => ({
      ...{ tag: made.spec.tag, kind: 'scalar' as const, count: made.count, firstStep: 0, lastStep: made.count - 1 },
      ...{ nonFinite: 0, firstWallTime: CREATED, lastWallTime: CREATED + made.count },
      ...(run.spec.system?.includes(made.spec.tag) ? { system: true as const } : {}),
    }));
    const images = run.images.map((image) => ({
      ...{ tag: image.tag, kind: 'image' as const, count: image.steps.length, firstStep: 0, lastStep: 0 },
      ...{ nonFinite: 0, firstWallTime: CREATED, lastWallTime: CREATED },
    }));
    const definitions = run.series.has('train/loss')
      ? [
          {
            tag: 'train/loss',
            title: 'Loss',
            unit: 'nats',
            direction: 'minimize' as const,
            version: run.spec.version ?? 1,
            description: 'Mean loss of a batch.',
            primary: true,
          },
        ]
      : [];
    return { ...run.summary, config: {}, definitions, series: [...series, ...images], problems: [] };
  }

  #media(runId: string): MediaRecord[] {
    const items: MediaRecord[] = [];
    for (const image of this.#runs.get(runId)?.images ?? []) {
      for (const step of image.steps) {
        for (let index = 0; index < (image.perStep ?? 1); index++) {
          items.push({
            ...{ tag: image.tag, kind: 'image', step, wallTime: CREATED + step, index, mime: 'image/png' },
            ...{ width: image.size ?? 8, height: image.size ?? 8, place: { at: 'file', file: `samples/${step}.png` } },
            ...(image.caption === undefined ? {} : { caption: image.caption }),
          });
        }
      }
    }
    for (const { tag, kind, step, mime, index = 0, caption } of this.#runs.get(runId)?.spec.media ?? [])
      items.push({
        ...{ tag, kind, step, wallTime: CREATED + step, index, mime, place: { at: 'inline', text: '' } },
        ...(caption === undefined ? {} : { caption }),
      });
    return items;
  }
}

function makeRun(spec: RunSpec, index: number): Run {
  const summary: RunSummary = {
    ...{ id: spec.id as RunId, name: spec.name, source: 'trainyard', path: `/runs/${spec.name}`, root: '/runs' },
    ...{ status: spec.status ?? 'finished', statusReason: 'exit code 0', createdAt: CREATED + index },
    ...{ metrics: [], sparkline: [], labels: [], note: '', archived: false },
  };
  const series = new Map(spec.series.map((made) => [made.tag, new GeneratedSeries(made)]));
  return { spec, summary, series, images: [...(spec.images ?? [])] };
}
