import { html, nothing, render } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { type Disposable, Disposables } from '../../src/base/disposables.ts';
import { describeError } from '../../src/base/errors.ts';
import type { RunId } from '../../src/domain/ids.ts';
import type { MediaRecord } from '../../src/domain/records.ts';
import type { RunSummary, SeriesKind } from '../../src/domain/run.ts';
import type { PanelInit } from '../../src/protocol/webview.ts';
import { Announcer } from '../shared/announcer.ts';
import { button, progressRing } from '../shared/controls.ts';
import { parseFilter, type TextFilter } from '../shared/filter.ts';
import { formatStep, plural } from '../shared/format.ts';
import type { HostLink } from '../shared/hostLink.ts';
import { icon } from '../shared/icons.ts';
import { RunCache } from '../shared/runCache.ts';
import { assignStyles, type RunStyle } from '../shared/runStyles.ts';
import { type ChartTheme, readTheme, watchTheme, writeLineColours } from '../shared/theme.ts';
import { ContentStore } from './content/contentStore.ts';
import { fileOf } from './content/saving.ts';
import { ImageStore, type ReadMedia } from './imageStore.ts';
import { type SampleCell, type SampleRow, sampleRows, stepIndex, unionOfSteps } from './picture.ts';
import { type RowContext, rowTemplate } from './rows.ts';
import { parseSamplesState, type SamplesState, samplesStateJson } from './state.ts';
import { scrubber, viewBar } from './toolbar.ts';

const SAVE_MS = 200;

/** What is on the screen, worked out once per change. */
interface Picture {
  readonly runs: readonly RunSummary[];
  readonly names: ReadonlyMap<string, string>;
  readonly steps: readonly number[];
  readonly index: number;
  readonly rows: readonly SampleRow[];
  readonly tagFilter: TextFilter;
  readonly hasMedia: boolean;
  /** Kinds of all that the runs have, with the number of their tags. */
  readonly kinds: ReadonlyMap<SeriesKind, number>;
  readonly styles: ReadonlyMap<string, RunStyle>;
}

/** The samples panel: images, texts, histograms… of several runs side by side at one step, with one scrubber over all their steps. */
export class SamplesPanel implements Disposable {
  readonly #owner = new Disposables();
  readonly #root: HTMLElement;
  readonly #link: HostLink;
  readonly #media: RunCache<readonly MediaRecord[]>;
  readonly #store: ImageStore;
  readonly #contents: ContentStore;
  #theme: ChartTheme;
  readonly #announcer = new Announcer();
  readonly #runs = new Map<RunId, RunSummary>();
  #chosen: readonly RunId[];
  #state: SamplesState;
  #connection = { connected: true, message: '' };
  #full: { readonly runId: string; readonly tag: string; readonly item: number } | undefined;
  #picture: Picture | undefined;
  #frame = 0;
  #saveTimer: ReturnType<typeof setTimeout> | undefined;
  #scrollToRestore: number;
  #saveProblem = '';

  constructor(root: HTMLElement, link: HostLink, init: PanelInit) {
    this.#root = root;
    this.#link = link;
    const { client } = link;
    this.#state = parseSamplesState(link.savedState() ?? init.state);
    this.#scrollToRestore = this.#state.scrollTop;
    this.#media = this.#owner.add(
      new RunCache(async (runId) =>
        (await client.call('media.list', { runId })).items.filter((item) => item.kind !== 'scalar'),
      ),
    );
    const read: ReadMedia = (runId, { tag, step, index }, cell) =>
      client.call('media.read', { runId, tag, step, index, ...(cell === undefined ? {} : { cell }) });
    this.#store = this.#owner.add(new ImageStore(read));
    this.#contents = new ContentStore(read);
    this.#theme = readTheme();
    writeLineColours(document.documentElement, this.#theme);
    for (const run of init.runs) this.#runs.set(run.id, run);
    this.#chosen = init.runIds.length > 0 ? init.runIds : (this.#state.runIds as typeof init.runIds);
    this.#listen();
    this.#update({});
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#saveTimer);
    this.#owner.dispose();
  }

  #listen(): void {
    const { client } = this.#link;
    const own = (item: Disposable) => this.#owner.add(item);
    own(this.#media.onChanged(() => this.#update({})));
    own(client.on('runs.changed', ({ runs, removed }) => this.#onRuns(runs, removed)));
    own(client.on('selection.changed', ({ runIds }) => this.#choose(runIds)));
    own(
      client.on('series.appended', ({ runId, media }) => media && this.#isShown(runId) && this.#media.refresh(runId)),
    );
    own(client.on('series.reset', ({ runId }) => this.#isShown(runId) && this.#media.refresh(runId)));
    own(client.on('worker.state', ({ connected, message }) => this.#onWorker(connected, message)));
    own(watchTheme(() => this.#applyTheme()));
    const onKey = (event: KeyboardEvent) => this.#onKey(event);
    document.addEventListener('keydown', onKey);
    this.#owner.onDispose(() => document.removeEventListener('keydown', onKey));
  }

  #applyTheme(): void {
    this.#theme = readTheme();
    writeLineColours(document.documentElement, this.#theme);
    this.#update({});
  }

  #isShown(runId: RunId): boolean {
    return this.#shown().runs.some((run) => run.id === runId);
  }

  #onRuns(runs: readonly RunSummary[], removed: readonly RunId[]): void {
    for (const run of runs) this.#runs.set(run.id, run);
    for (const id of removed) {
      this.#runs.delete(id);
      this.#media.forget(id);
    }
    this.#update({});
  }

  #choose(runIds: readonly RunId[]): void {
    this.#chosen = runIds;
    this.#update({ allRuns: runIds.length === 0 && this.#state.allRuns });
  }

  #onWorker(connected: boolean, message: string): void {
    const isBack = connected && !this.#connection.connected;
    this.#connection = { connected, message };
    if (isBack) this.#reload();
    this.#update({});
  }

  #reload(): void {
    this.#saveProblem = '';
    this.#media.retry();
    void this.#link.client
      .call('runs.list', {})
      .then(({ runs }) => this.#onRuns(runs, []))
      .catch((error: unknown) => {
        this.#connection = { connected: false, message: describeError(error) };
        this.#update({});
      });
  }

  #update(change: Partial<SamplesState>): void {
    this.#state = { ...this.#state, ...change };
    this.#picture = undefined;
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      render(this.#template(), this.#root);
      this.#restoreScroll();
      this.#save();
    });
  }

  #save(): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = setTimeout(() => {
      const scrollTop = this.#root.querySelector('.samples')?.scrollTop ?? 0;
      const runIds = this.#shown().runs.map((run) => run.id);
      this.#link.saveState(samplesStateJson({ ...this.#state, scrollTop, runIds: this.#state.allRuns ? [] : runIds }));
    }, SAVE_MS);
  }

  #restoreScroll(): void {
    const samples = this.#root.querySelector('.samples');
    if (this.#scrollToRestore <= 0 || samples === null || samples.scrollHeight <= samples.clientHeight) return;
    samples.scrollTop = this.#scrollToRestore;
    if (this.#media.pending === 0) this.#scrollToRestore = 0;
  }

  #shown(): Picture {
    this.#picture ??= this.#work();
    return this.#picture;
  }

  #work(): Picture {
    const state = this.#state;
    const ids = state.allRuns ? [...this.#runs.keys()] : this.#chosen;
    const runs = ids.map((id) => this.#runs.get(id)).filter((run) => run !== undefined);
    runs.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    this.#media.want(runs.map((run) => run.id));
    const all = runs.map((run) => ({ runId: run.id, items: this.#media.get(run.id) ?? [] }));
    const kinds = kindsOf(all.map(({ items }) => items));
    // A kind that was chosen before and that these runs do not have hides nothing.
    const kind = state.kind !== null && kinds.has(state.kind) ? state.kind : null;
    const media =
      kind === null
        ? all
        : all.map(({ runId, items }) => ({ runId, items: items.filter((item) => item.kind === kind) }));
    const tagFilter = parseFilter(state.tagFilter);
    const isWanted = (tag: string) => tagFilter.test(tag);
    const steps = unionOfSteps(
      media.map(({ items }) => items),
      isWanted,
    );
    const index = stepIndex(steps, state.follow ? null : state.step);
    return {
      runs,
      names: new Map(runs.map((run) => [run.id, run.name])),
      steps,
      index,
      rows: index < 0 ? [] : sampleRows(media, isWanted, steps[index]!),
      tagFilter,
      hasMedia: media.some(({ items }) => items.length > 0),
      kinds,
      styles: assignStyles(
        runs.map((run) => run.id),
        new Map(),
      ),
    };
  }

  /** Goes to a place on the scrubber. The last one keeps following what comes. */
  #goTo(index: number): void {
    const { steps } = this.#shown();
    const at = Math.max(0, Math.min(steps.length - 1, index));
    const step = steps[at];
    if (step === undefined) return;
    this.#update({ step, follow: this.#state.follow && at === steps.length - 1 });
    this.#announcer.say(`Step ${formatStep(step)}, ${at + 1} of ${steps.length}`);
  }

  #onKey(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const isTyping = target.closest('vscode-text-field, vscode-dropdown, input:not([type="range"])') !== null;
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey || this.#full !== undefined) return;
    const { steps, index } = this.#shown();
    const moves: Readonly<Record<string, number>> = {
      ...{ ArrowLeft: index - 1, ArrowRight: index + 1, Home: 0, End: steps.length - 1 },
      ...{ PageUp: index - 10, PageDown: index + 10 },
    };
    const to = moves[event.key];
    if (to === undefined || steps.length === 0) return;
    event.preventDefault();
    this.#goTo(to);
  }

  #template() {
    const picture = this.#shown();
    const { steps, index, rows } = picture;
    const context = this.#rowContext(picture, steps[index] ?? 0);
    return html`
      ${this.#banner()}
      ${viewBar(this.#state, picture, (change) => this.#update(change))}
      ${
        steps.length === 0
          ? nothing
          : scrubber(
              steps,
              index,
              this.#state.follow,
              (to) => this.#goTo(to),
              (follow) => this.#follow(follow),
            )
      }
      <div class="samples ${this.#state.pixelated ? 'pixelated' : ''}" .style=${`--size:${this.#state.size}px`} @scroll=${() => this.#save()}>
        ${
          rows.length === 0
            ? this.#empty(picture)
            : repeat(
                rows,
                (row) => `${row.kind} ${row.tag}`,
                (row) => rowTemplate(row, context),
              )
        }
      </div>
      ${this.#fullTemplate(rows)}
    `;
  }

  #follow(follow: boolean): void {
    const { steps, index } = this.#shown();
    this.#update({ follow, step: steps[index] ?? null });
  }

  #banner() {
    const { connected, message } = this.#connection;
    const lost = `${message || 'The background worker is not running.'} What is shown is the last that came.`;
    const text = connected ? [...this.#media.problems, this.#saveProblem].join(' ').trim() : lost;
    if (text === '') return nothing;
    return html`<div class="banner" role="alert">${icon('warning')}<span>${text}</span>
      ${button({ label: 'Try again', onClick: () => this.#reload() })}</div>`;
  }

  #rowContext({ names, styles }: Picture, step: number): RowContext {
    return {
      ...{ images: this.#store, contents: this.#contents, names, styles, theme: this.#theme, step },
      openFull: (cell, item) => this.#open(cell, item),
      goToStep: (wanted) => this.#goTo(stepIndex(this.#shown().steps, wanted)),
      save: (cell, record) => void this.#saveFile(cell, record),
    };
  }

  async #saveFile({ runId }: SampleCell, record: MediaRecord): Promise<void> {
    try {
      const content = await this.#contents.content(runId, record);
      const { name, bytes } = fileOf(this.#shown().names.get(runId) ?? runId, record, content);
      const { saved } = await this.#link.client.call('file.save', { suggestedName: name, bytes });
      if (saved) this.#announcer.say('Saved');
    } catch (error) {
      this.#saveProblem = `It could not be saved: ${describeError(error)}`;
      this.#update({});
    }
  }

  #open(cell: SampleCell, item: number): void {
    this.#full = { runId: cell.runId, tag: cell.tag, item };
    this.#update({});
  }

  #fullTemplate(rows: readonly SampleRow[]) {
    const full = this.#full;
    const cells = rows.find((row) => row.kind === 'image' && row.tag === full?.tag)?.cells ?? [];
    const cell = cells.findIndex(({ runId }) => runId === full?.runId);
    if (full === undefined || cell < 0) return nothing;
    const moveRun = (by: number) => this.#open(cells[(cell + by + cells.length) % cells.length]!, full.item);
    return html`<ty-full-size class=${this.#state.pixelated ? 'pixelated' : ''} .view=${{ cells, cell, item: full.item }} .names=${this.#shown().names} .store=${this.#store}
      @close-full=${() => this.#close()} @move-step=${(event: CustomEvent<number>) => this.#goTo(this.#shown().index + event.detail)}
      @move-run=${(event: CustomEvent<number>) => moveRun(event.detail)}></ty-full-size>`;
  }

  #close(): void {
    this.#full = undefined;
    this.#update({});
  }

  #empty({ runs, hasMedia, tagFilter }: Picture) {
    if (runs.length > 0 && this.#media.pending > 0)
      return html`<div class="empty">${progressRing()}<p>Loading…</p></div>`;
    const others = this.#runs.size - runs.length;
    if (runs.length === 0 && others > 0) {
      return html`<div class="empty"><h2>No run is chosen</h2><p>Choose runs in the Runs view and use <em>Show Samples</em>.</p>
        ${button({ label: `Show all ${plural(others, 'run')}`, kind: 'primary', onClick: () => this.#update({ allRuns: true }) })}</div>`;
    }
    if (runs.length === 0) {
      return html`<div class="empty"><h2>No runs yet</h2><p>Start one with the command <em>Trainyard: Launch Training</em>, or open a folder that holds runs.</p></div>`;
    }
    if (hasMedia && tagFilter.problem === undefined) {
      return html`<div class="empty"><h2>No tag matches</h2><p>No tag matches <code>${this.#state.tagFilter}</code>.</p>
        ${button({ label: 'Clear the filter', kind: 'primary', onClick: () => this.#update({ tagFilter: '' }) })}</div>`;
    }
    return html`<div class="empty"><h2>No samples yet</h2><p>Images, texts, sounds, tables and histograms appear here as soon as ${runs.length === 1 ? 'the run logs its' : 'the runs log their'} first ones.</p></div>`;
  }
}

/** How many tags there are of each kind. */
function kindsOf(media: readonly (readonly MediaRecord[])[]): ReadonlyMap<SeriesKind, number> {
  const tags = new Set(media.flatMap((items) => items.map(({ kind, tag }) => JSON.stringify([kind, tag]))));
  const kinds = new Map<SeriesKind, number>();
  for (const key of tags) {
    const [kind] = JSON.parse(key) as [SeriesKind];
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return kinds;
}
