import type { MediaRecord, RunFacts } from '../../../domain/records.ts';
import type { SeriesInfo } from '../../../domain/run.ts';
import type { Inspected } from './readRun.ts';

/** Texts that lie in the log itself are printed up to this length; the whole is a question to `trainyard media`. */
const longestText = 4096;

/** The documented shape (docs/cli.md). Every key is always there; what does not apply is null, or empty where it is a list or a tree. */
export function runToJson({ run, path, facts, series, media, problems }: Inspected): unknown {
  return {
    name: facts.name ?? run.name,
    source: run.source,
    path,
    ...nullsFor(facts, { status: 'unknown', statusReason: '', startedAt: null, endedAt: null, config: {} }),
    tags: Object.fromEntries(series.map((info) => [info.tag, tagToJson(info)])),
    key: run.key ?? null,
    ...nullsFor(facts, { project: null, group: null, trackerId: null, createdAt: null, host: null }),
    ...nullsFor(facts, { command: null, cwd: null, commit: null, summary: {}, restarts: [] }),
    labels: facts.trackerLabels ?? [],
    note: facts.trackerNote ?? null,
    sources: facts.sources ?? [{ source: run.source, path: run.path, why: '', tags: series.length }],
    ...nullsFor(facts, { configFiles: [], console: [], outputs: [], artifacts: [] }),
    media: media.map(mediaToJson),
    problems: problems.map(({ file, offset, message }) => ({ file, offset: offset ?? null, message })),
  };
}

/** Some of the facts, with what stands for those that are not known. */
function nullsFor<K extends keyof RunFacts>(facts: RunFacts, absent: { readonly [Key in K]: unknown }): object {
  const keys = Object.keys(absent) as K[];
  return Object.fromEntries(keys.map((key) => [key, facts[key] ?? absent[key]]));
}

function tagToJson(info: SeriesInfo): unknown {
  const { kind, count, firstStep, lastStep, firstValue, lastValue, min, max, nonFinite, system, duplicate } = info;
  return {
    kind,
    count,
    firstStep,
    lastStep,
    firstValue: firstValue ?? null,
    lastValue: lastValue ?? null,
    min: min ?? null,
    max: max ?? null,
    nonFinite,
    ...(system === true ? { system } : {}),
    ...(duplicate === true ? { duplicate } : {}),
  };
}

function mediaToJson({ tag, kind, step, wallTime, index, mime, width, height, caption, place }: MediaRecord): unknown {
  return {
    tag,
    kind,
    step,
    wallTime,
    index,
    mime,
    ...(width === undefined ? {} : { width }),
    ...(height === undefined ? {} : { height }),
    ...(caption === undefined ? {} : { caption }),
    ...placeToJson(place),
  };
}

function placeToJson(place: MediaRecord['place']): object {
  if (place.at !== 'inline') return place.at === 'file' ? { file: place.file } : rangeToJson(place);
  const { text } = place;
  return text.length <= longestText ? { text } : { text: text.slice(0, longestText), textLength: text.length };
}

function rangeToJson({ file, offset, length }: Extract<MediaRecord['place'], { at: 'range' }>): object {
  return { file, offset, length };
}
