import { html, nothing, render } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import { repeat } from 'lit/directives/repeat.js';
import { type Disposable, Disposables } from '../../src/base/disposables.ts';
import { describeError } from '../../src/base/errors.ts';
import type { RunDetail } from '../../src/domain/run.ts';
import type { PanelInit } from '../../src/protocol/webview.ts';
import type { PaneContext } from '../charts/chartPane.ts';
import { DrawScheduler } from '../charts/drawScheduler.ts';
import { SharedView } from '../charts/sharedView.ts';
import { Announcer } from '../shared/announcer.ts';
import { button, iconButton, progressRing, textField } from '../shared/controls.ts';
import { plural } from '../shared/format.ts';
import type { HostLink } from '../shared/hostLink.ts';
import { icon } from '../shared/icons.ts';
import { RunCache } from '../shared/runCache.ts';
import { type ChartTheme, readTheme, watchTheme, writeLineColours } from '../shared/theme.ts';
import type { LiveCard, MetricsContext } from './context.ts';
import { MetricsModel, type MetricsPicture } from './model.ts';
import { parseState, stateJson } from './state.ts';
import type { TagCard, TagGroup } from './tags.ts';
import { toolbar } from './toolbar.ts';

const SAVE_MS = 200;
/** A drawn column is a stroke between two points, and one to the column before. */
const POINTS_PER_COLUMN = 3;

/** The metrics panel: connects the extension's events with the model, and the model with the screen. */
export class MetricsPanel implements Disposable {
  readonly #owner = new Disposables();
  readonly #root: HTMLElement;
  readonly #link: HostLink;
  readonly #model: MetricsModel;
  readonly #details: RunCache<RunDetail>;
  readonly #shared = new SharedView();
  readonly #sharedTime = new SharedView();
  readonly #scheduler = this.#owner.add(new DrawScheduler());
  readonly #cards = new Set<LiveCard>();
  readonly #context: MetricsContext;
  #theme: ChartTheme;
  #frame = 0;
  #saveTimer: ReturnType<typeof setTimeout> | undefined;
  #scrollToRestore: number;
  #wasZoomed = false;

  constructor(root: HTMLElement, link: HostLink, init: PanelInit) {
    this.#root = root;
    this.#link = link;
    this.#theme = readTheme();
    const { client } = link;
    const state = parseState(link.savedState() ?? init.state, init.settings.smoothing);
    this.#details = this.#owner.add(new RunCache<RunDetail>((runId) => client.call('runs.get', { runId })));
    this.#model = this.#owner.add(new MetricsModel(state, this.#details));
    const announcer = new Announcer();
    const pane: PaneContext = {
      shared: this.#shared,
      scheduler: this.#scheduler,
      query: (query, signal) => client.call('series.query', query, signal),
      announce: (text) => announcer.say(text),
    };
    this.#context = {
      client,
      model: this.#model,
      columnBudget: Math.max(5_000, init.settings.maxPointsPerFrame / POINTS_PER_COLUMN),
      theme: () => this.#theme,
      cards: this.#cards,
      pane,
      timePane: { ...pane, shared: this.#sharedTime },
    };
    this.#scrollToRestore = state.scrollTop;
    if (state.window !== null) this.#shared.setWindow(state.window, false);
    this.#listen();
    this.#model.setRuns(init.runs, []);
    this.#model.choose(init.runIds.length > 0 ? init.runIds : (state.runIds as typeof init.runIds));
    this.#applyTheme();
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#saveTimer);
    this.#owner.dispose();
  }

  #listen(): void {
    const { client } = this.#link;
    const own = (item: Disposable) => this.#owner.add(item);
    own(this.#model.onChanged(() => this.#onModel()));
    own(this.#shared.onWindow(() => this.#onWindow()));
    own(this.#sharedTime.onWindow(() => this.#onWindow()));
    own(watchTheme(() => this.#applyTheme()));
    own(client.on('runs.changed', ({ runs, removed }) => this.#model.setRuns(runs, removed)));
    own(client.on('selection.changed', ({ runIds }) => this.#model.choose(runIds)));
    own(client.on('worker.state', ({ connected, message }) => this.#onWorker(connected, message)));
    own(
      client.on('series.appended', ({ runId, tags }) => {
        const known = this.#details.get(runId);
        if (known !== undefined && tags.some((tag) => !known.series.some((series) => series.tag === tag))) {
          this.#details.refresh(runId);
        }
        for (const card of this.#cards) if (tags.includes(card.tag)) card.invalidate(runId, false);
      }),
    );
    own(
      client.on('series.reset', ({ runId }) => {
        this.#details.refresh(runId);
        for (const card of this.#cards) card.invalidate(runId, true);
      }),
    );
  }

  #onWorker(connected: boolean, message: string): void {
    const isBack = connected && !this.#model.picture.connected;
    this.#model.setConnection(connected, message);
    if (isBack) this.#reload();
  }

  #reload(): void {
    this.#details.retry();
    for (const card of this.#cards) card.retry();
    void this.#link.client
      .call('runs.list', {})
      .then(({ runs }) => this.#model.setRuns(runs, []))
      .catch((error: unknown) => this.#model.setConnection(false, describeError(error)));
  }

  #applyTheme(): void {
    this.#theme = readTheme();
    writeLineColours(document.documentElement, this.#theme);
    // Cards read the theme when they update, and they update with the model.
    this.#model.update({});
  }

  #onModel(): void {
    this.#render();
    this.#save();
  }

  get #isZoomed(): boolean {
    return this.#shared.window !== undefined || this.#sharedTime.window !== undefined;
  }

  #onWindow(): void {
    const isZoomed = this.#isZoomed;
    if (isZoomed !== this.#wasZoomed) this.#render();
    this.#wasZoomed = isZoomed;
    this.#save();
  }

  #save(): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = setTimeout(() => {
      const scrollTop = this.#root.querySelector('.charts')?.scrollTop ?? 0;
      const state = { ...this.#model.state, window: this.#shared.window ?? null, scrollTop };
      this.#link.saveState(stateJson(state));
    }, SAVE_MS);
  }

  #render(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      render(this.#template(this.#model.picture), this.#root);
      this.#restoreScroll();
    });
  }

  /** Once, as soon as the charts that were there before are there again. */
  #restoreScroll(): void {
    const charts = this.#root.querySelector('.charts');
    if (this.#scrollToRestore <= 0 || charts === null || charts.scrollHeight <= charts.clientHeight) return;
    charts.scrollTop = this.#scrollToRestore;
    if (this.#model.picture.pendingDetails === 0) this.#scrollToRestore = 0;
  }

  #template(picture: MetricsPicture) {
    const { state } = picture;
    return html`
      ${this.#banner(picture)}
      ${toolbar(this.#context, this.#isZoomed)}
      <div class="body ${state.runsOpen ? '' : 'runs-closed'}">
        ${state.runsOpen ? this.#runs(picture) : nothing}
        <div class="charts" @scroll=${() => this.#save()}>${this.#charts(picture)}</div>
      </div>
    `;
  }

  #banner(picture: MetricsPicture) {
    const text = !picture.connected
      ? `${picture.connectionMessage || 'The background worker is not running.'} What is drawn is the last that came.`
      : picture.problems.join(' ');
    if (text === '') return nothing;
    return html`<div class="banner" role="alert">${icon('warning')}<span>${text}</span>
      ${button({ label: 'Try again', onClick: () => this.#reload() })}</div>`;
  }

  #runs({ runs, listed, drawn, runFilter, state }: MetricsPicture) {
    const { model } = this.#context;
    const isPartial = drawn.size < listed.length;
    return html`<aside class="runs" aria-label="Runs">
      ${textField({
        ...{ id: 'run-filter', label: 'Filter runs by a regular expression', placeholder: 'Filter runs' },
        ...{ value: state.runFilter, problem: runFilter.problem ?? '' },
        onInput: (text) => model.update({ runFilter: text }),
      })}
      <div class="runs-head"><span>${drawn.size === runs.length ? plural(runs.length, 'run') : `${drawn.size} of ${plural(runs.length, 'run')} drawn`}</span>
        ${isPartial ? iconButton({ label: 'Show all runs', icon: icon('eye'), onClick: () => model.update({ hidden: [], isolated: null }) }) : nothing}
      </div>
      <ty-run-list .context=${this.#context} .picture=${model.picture}></ty-run-list>
    </aside>`;
  }

  #charts(picture: MetricsPicture) {
    const { state, groups, runs, pendingDetails } = picture;
    const cards = groups.flatMap((group) => group.cards);
    const full = cards.find((card) => card.tag === state.fullSize);
    if (full !== undefined)
      return keyed(`full ${full.tag} ${full.isSystem && state.axis === 'step'}`, this.#card(full, true));
    if (runs.length === 0) return this.#noRuns(picture);
    if (cards.length === 0 && pendingDetails > 0)
      return html`<div class="empty">${progressRing()}<p>Loading…</p></div>`;
    if (cards.length === 0) return this.#noCards(picture);
    return repeat(
      groups,
      (group) => group.name,
      (group) => this.#group(group),
    );
  }

  #group({ name, cards }: TagGroup) {
    const { state } = this.#model.picture;
    const isOpen = !state.closedGroups.includes(name);
    const toggle = () => {
      const closedGroups = isOpen
        ? [...state.closedGroups, name]
        : state.closedGroups.filter((group) => group !== name);
      this.#model.update({ closedGroups });
    };
    return html`<section class="group">
      <h2><button type="button" aria-expanded=${isOpen} @click=${toggle}>${icon(isOpen ? 'chevronDown' : 'chevronRight')}<span>${name}</span><span class="count">${cards.length}</span></button></h2>
      ${
        isOpen
          ? html`<div class="grid" role="list">${repeat(
              cards,
              // A chart that changes from its own axis of time to that of the others is made anew.
              (card) => `${card.tag} ${card.isSystem && state.axis === 'step'}`,
              (card) => this.#card(card, false),
            )}</div>`
          : nothing
      }
    </section>`;
  }

  #card(card: TagCard, isFull: boolean) {
    return html`<ty-metric-card .card=${card} .context=${this.#context} .isFull=${isFull}></ty-metric-card>`;
  }

  #noRuns({ otherRuns }: MetricsPicture) {
    if (otherRuns === 0) {
      return html`<div class="empty"><h2>No runs yet</h2>
        <p>Start one with the command <em>Trainyard: Launch Training</em>, or open a folder that holds runs.</p></div>`;
    }
    return html`<div class="empty"><h2>No run is chosen</h2>
      <p>Choose runs in the Runs view and use <em>Show Metrics</em>.</p>
      ${button({ label: `Show all ${plural(otherRuns, 'run')}`, kind: 'primary', onClick: () => this.#model.update({ allRuns: true }) })}</div>`;
  }

  #noCards({ state, allTags, listed }: MetricsPicture) {
    if (allTags > 0) {
      return html`<div class="empty"><h2>No chart matches</h2><p>${plural(allTags, 'chart')} of these runs do not match <code>${state.tagFilter}</code>.</p>
        ${button({ label: 'Clear the filter', kind: 'primary', onClick: () => this.#model.update({ tagFilter: '' }) })}</div>`;
    }
    if (listed.length === 0) {
      return html`<div class="empty"><h2>No run matches</h2><p>No name matches <code>${state.runFilter}</code>.</p>
        ${button({ label: 'Clear the filter', kind: 'primary', onClick: () => this.#model.update({ runFilter: '' }) })}</div>`;
    }
    return html`<div class="empty"><h2>Nothing logged yet</h2><p>Charts appear here as soon as ${listed.length === 1 ? 'the run logs its' : 'the runs log their'} first values.</p></div>`;
  }
}
