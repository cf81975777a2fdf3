import path from 'node:path';
import { placeKey } from '../../../domain/records.ts';
import type { RunSource, SeriesInfo } from '../../../domain/run.ts';
import type { LiveRun } from '../liveRun.ts';
import { namedPlaces } from './named.ts';
import { compareTag, isTelling, keepsSingle, type Points } from './sameValues.ts';

/** Two logs of one training begin close together: W&B may take a minute to start. */
const startSeconds = 180;
/** Clocks of a cluster's machines differ by less. */
const clockSeconds = 60;
const comparedTags = 6;
/** So many tags of a run are enough to find another log of it. */
const keptTags = 8;

/** Another run that is the same training, and the sentence that says why. */
export interface Conclusion {
  readonly other: LiveRun;
  readonly why: string;
}

export interface EvidenceOptions {
  /** Loads the points of a tag. */
  readonly pointsOf: (run: LiveRun, tag: string) => Promise<Points>;
  /** Whether the two were decided before, either way. */
  readonly isDecided: (one: string, other: string) => boolean;
}

/** What decides quickly whether two runs are worth a comparison; kept per run, so that series need not be loaded. */
export interface Fingerprint {
  readonly run: LiveRun;
  readonly sources: ReadonlySet<RunSource>;
  /** Telling tags whose values move, with their first value as float32. */
  readonly tags: ReadonlyMap<string, number>;
  readonly startedAt: number | undefined;
}

/** The fingerprint of a run. Its series are loaded for that. */
export function fingerprintOf(run: LiveRun): Fingerprint {
  const telling = [...run.series.values()].map(({ info }) => info).filter(mayTell);
  // Losses come first and the rest by name, so that two logs of one training keep the same tags.
  telling.sort((a, b) => weightOf(a.tag) - weightOf(b.tag) || (a.tag < b.tag ? -1 : 1));
  const tags = new Map(telling.slice(0, keptTags).map(({ tag, firstValue }) => [tag, Math.fround(firstValue ?? 0)]));
  return { run, sources: sourcesOf(run), tags, startedAt: run.facts.startedAt };
}

/**
 * Looks among runs of other kinds for the one that is the same training as `subject`: one that it names or that names it, or one that began at about the
 * same time and has the same values. Where several fit equally, nobody can tell, and nothing is concluded.
 */
export async function findSame(
  subject: Fingerprint,
  others: readonly Fingerprint[],
  options: EvidenceOptions,
): Promise<readonly Conclusion[]> {
  const open = others.filter((other) => mayBeOne(subject, other, options));
  const named = concluded(open.flatMap((other) => reasonByName(subject, other)));
  if (named.length > 0) return named;
  const same: Candidate[] = [];
  for (const other of open) {
    const tag = await equalTag(subject, other, options);
    if (tag !== undefined) same.push({ other, why: `Both have the same values of ${tag}.` });
  }
  return concluded(same);
}

interface Candidate {
  readonly other: Fingerprint;
  readonly why: string;
}

function mayBeOne(one: Fingerprint, other: Fingerprint, { isDecided }: EvidenceOptions): boolean {
  if (one.run === other.run) return false;
  for (const source of one.sources) if (other.sources.has(source)) return false;
  return !isDecided(placeKey(one.run.found), placeKey(other.run.found));
}

/** Of each kind of source there may be one only. */
function concluded(candidates: readonly Candidate[]): readonly Conclusion[] {
  return candidates
    .filter(({ other }) => {
      const rivals = candidates.filter((each) => each.other !== other && overlap(each.other.sources, other.sources));
      return rivals.length === 0;
    })
    .map(({ other, why }) => ({ other: other.run, why }));
}

function overlap(one: ReadonlySet<RunSource>, other: ReadonlySet<RunSource>): boolean {
  return [...one].some((source) => other.has(source));
}

function reasonByName(one: Fingerprint, other: Fingerprint): readonly Candidate[] {
  const why = jobReason(one.run, other.run) ?? nameReason(one.run, other.run) ?? nameReason(other.run, one.run);
  return why === undefined ? [] : [{ other, why }];
}

/** A database holds many runs, so that its file is named says nothing. */
function nameReason(one: LiveRun, other: LiveRun): string | undefined {
  if (other.found.key !== undefined) return undefined;
  const places = [other.found, ...(other.found.parts ?? [])].filter(({ key }) => key === undefined);
  return namedPlaces(one.found, one.facts).find((named) => {
    const meant = path.resolve(named.path);
    if (!places.some((place) => place.path === meant)) return false;
    return named.inPassing !== true || beganDuring(other, one);
  })?.why;
}

/** SLURM's number of the job stands in the name of its output, and in what W&B notes of its surroundings. */
function jobReason(one: LiveRun, other: LiveRun): string | undefined {
  const job = one.facts.slurmJob;
  const isOutput = (one.found.source === 'slurm') !== (other.found.source === 'slurm');
  return job !== undefined && job === other.facts.slurmJob && isOutput
    ? `Both are of the SLURM job ${job}.`
    : undefined;
}

function beganDuring({ facts: { startedAt } }: LiveRun, { facts: job }: LiveRun): boolean {
  if (startedAt === undefined || job.startedAt === undefined) return false;
  return (
    startedAt >= job.startedAt - clockSeconds && startedAt <= (job.endedAt ?? Number.POSITIVE_INFINITY) + clockSeconds
  );
}

/** The tag whose values show that both are one training; undefined where a tag shows that they are two, or nothing shows anything. */
async function equalTag(
  one: Fingerprint,
  other: Fingerprint,
  { pointsOf }: EvidenceOptions,
): Promise<string | undefined> {
  if (!beganTogether(one, other)) return undefined;
  const shared = [...one.tags.keys()].filter((tag) => other.tags.has(tag)).slice(0, comparedTags);
  // Most candidates fall here already, without their points.
  if (!shared.some((tag) => one.tags.get(tag) === other.tags.get(tag))) return undefined;
  const isSingle = [one, other].some(({ sources }) => [...sources].some(keepsSingle));
  let equal: string | undefined;
  for (const tag of shared) {
    const likeness = compareTag(await pointsOf(one.run, tag), await pointsOf(other.run, tag), isSingle);
    if (likeness === 'different') return undefined;
    if (likeness === 'same') equal ??= tag;
  }
  return equal;
}

function beganTogether({ startedAt: one }: Fingerprint, { startedAt: other }: Fingerprint): boolean {
  return one === undefined || other === undefined || Math.abs(one - other) <= startSeconds;
}

function mayTell({ tag, kind, count, min, max, system, duplicate }: SeriesInfo): boolean {
  if (kind !== 'scalar' || system === true || duplicate === true || !isTelling(tag)) return false;
  return count >= 5 && min !== undefined && min !== max;
}

function weightOf(tag: string): number {
  return /loss/i.test(tag) ? 0 : 1;
}

function sourcesOf({ found }: LiveRun): ReadonlySet<RunSource> {
  return new Set([found.source, ...(found.parts ?? []).map(({ source }) => source)]);
}
