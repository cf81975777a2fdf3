import type { RunId } from '../../src/domain/ids.ts';
import type { MetricDefinition } from '../../src/domain/metricDefinition.ts';
import type { RunDetail } from '../../src/domain/run.ts';
import { naturalOrder } from '../shared/naturalOrder.ts';

/** A chart of the panel. */
export interface TagCard {
  readonly tag: string;
  /** The runs that log it, in the order of the list. */
  readonly runIds: readonly RunId[];
  /** What it means, where a run says so; the newest version. */
  readonly definition: MetricDefinition | undefined;
  /** Versions of the definition among the runs: values of different versions are not to be compared. */
  readonly versions: readonly number[];
  /** A figure of the machine: its steps only count the samples, so it is drawn over time. */
  readonly isSystem: boolean;
}

export interface TagGroup {
  readonly name: string;
  readonly cards: readonly TagCard[];
}

/** Name of the group of tags without a prefix. */
export const NO_PREFIX = 'Other';
/** Groups of their own, closed until somebody opens them: figures of the machine, and what another log of the run has again. */
export const SYSTEM = 'System';
export const DUPLICATES = 'Again in other logs';
export const closedAtFirst: readonly string[] = [SYSTEM, DUPLICATES];

/**
 * One card per scalar tag of the runs, grouped by the part before the first slash. Primary metrics come first in their group, and the group
 * with the primary metric that the recipe names first comes first: for a generator `train` (its loss), then `samples`.
 */
export function tagGroups(details: readonly RunDetail[], isWanted: (tag: string) => boolean): TagGroup[] {
  const cards = new Map<string, CardDraft>();
  for (const detail of details) {
    const definitions = new Map(detail.definitions.map((definition) => [definition.tag, definition]));
    for (const { tag, kind, system, duplicate } of detail.series) {
      if (kind !== 'scalar' || !isWanted(tag)) continue;
      const card = cards.get(tag) ?? { runIds: [], versions: new Set<number>(), isSystem: true, isDuplicate: true };
      cards.set(tag, card);
      card.runIds.push(detail.id);
      // Where one run logs it as a metric, it is one.
      card.isSystem &&= system === true;
      card.isDuplicate &&= duplicate === true;
      const definition = definitions.get(tag);
      if (definition === undefined) continue;
      card.versions.add(definition.version);
      if (card.definition === undefined || card.definition.version < definition.version) card.definition = definition;
    }
  }
  const groups = new Map<string, TagCard[]>();
  for (const [tag, card] of cards) {
    const name = groupOfCard(tag, card);
    const group = groups.get(name) ?? [];
    groups.set(name, group);
    group.push({
      tag,
      runIds: card.runIds,
      definition: card.definition,
      versions: [...card.versions].sort((a, b) => a - b),
      isSystem: card.isSystem,
    });
  }
  const ranks = primaryRanks(details);
  return [...groups]
    .map(([name, group]) => ({ name, cards: group.sort(compareCards) }))
    .sort((a, b) => groupRank(a, ranks) - groupRank(b, ranks) || naturalOrder(a.name, b.name));
}

interface CardDraft {
  readonly runIds: RunId[];
  definition?: MetricDefinition;
  readonly versions: Set<number>;
  isSystem: boolean;
  isDuplicate: boolean;
}

function groupOfCard(tag: string, { isSystem, isDuplicate }: CardDraft): string {
  if (isSystem) return SYSTEM;
  return isDuplicate ? DUPLICATES : groupOf(tag);
}

/** Place of each group's first primary metric among the definitions of the runs. */
function primaryRanks(details: readonly RunDetail[]): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>();
  for (const { definitions } of details) {
    for (const { tag, primary } of definitions) {
      if (primary === true && !ranks.has(groupOf(tag))) ranks.set(groupOf(tag), ranks.size);
    }
  }
  return ranks;
}

/** Groups with a primary metric come first, tags without a prefix last, and behind them the machine and other logs. */
function groupRank({ name, cards }: TagGroup, ranks: ReadonlyMap<string, number>): number {
  const special = closedAtFirst.indexOf(name);
  if (special >= 0) return ranks.size + 3 + special;
  if (cards.some((card) => card.definition?.primary === true)) return ranks.get(name) ?? 0;
  return ranks.size + (name === NO_PREFIX ? 2 : 1);
}

/** `train/loss` → `train`. */
export function groupOf(tag: string): string {
  const slash = tag.indexOf('/');
  return slash > 0 ? tag.slice(0, slash) : NO_PREFIX;
}

/** The part of the tag that its group does not say already. */
export function shortName(tag: string): string {
  const slash = tag.indexOf('/');
  return slash > 0 && slash < tag.length - 1 ? tag.slice(slash + 1) : tag;
}

function compareCards(one: TagCard, other: TagCard): number {
  const primary = Number(other.definition?.primary === true) - Number(one.definition?.primary === true);
  return primary || naturalOrder(one.tag, other.tag);
}
