import type { Json, JsonObject } from '../../domain/json.ts';
import type { MediaPlace, MediaRecord } from '../../domain/records.ts';
import { trackerMimes } from '../media/mimes.ts';
import { isObject } from './json.ts';
import { kindOfType, mimeOfFile } from './mediaTypes.ts';

/** Bytes of the transaction log. */
export interface ValueRange {
  readonly offset: number;
  readonly length: number;
}

/** A value that is no number, with its `_type`. Texts and lists have the types `text` and `list` here. */
export interface LoggedObject {
  readonly tag: string;
  readonly object: JsonObject;
  /** Where its JSON lies as a whole. */
  readonly json?: ValueRange;
  /** Where the items lie into which it was split. */
  readonly items?: ValueRange;
}

/** Where a value was logged. */
export interface LoggedAt {
  readonly step: number;
  readonly wallTime: number;
  readonly files: FilePlaces;
}

/** Where the parts of a run lie that its records name. */
export interface FilePlaces {
  /** Name of the transaction log, to which ranges belong. */
  readonly log: string;
  /** What stands before the path of a file: `files/`, or nothing before version 0.10. */
  readonly below: 'files/' | '';
}

/** One part of a value: all but tag, step and time. */
type Part = Omit<MediaRecord, 'tag' | 'step' | 'wallTime' | 'index'>;

/** A value that is shown nowhere is not kept in the index either, beyond this many characters. */
const longestListed = 4096;

/** The records of a value: several for a group of pictures. Files that would leave the run's `files` folder are left out. */
export function mediaOf(logged: LoggedObject, { step, wallTime, files }: LoggedAt): readonly MediaRecord[] {
  const { object } = logged;
  const type = String(object['_type']);
  const read = Object.hasOwn(readers, type) ? readers[type]! : readFile;
  const parts = read(logged, { step, type, ...files });
  return parts.map((part, index) => ({ tag: logged.tag, step, wallTime, index, ...part }));
}

interface Context extends FilePlaces {
  readonly step: number;
  readonly type: string;
}

type TypeReader = (logged: LoggedObject, context: Context) => readonly Part[];

const readers: { readonly [type: string]: TypeReader } = {
  text: ({ object }) => [{ kind: 'text', mime: 'text/plain', place: { at: 'inline', text: String(object['text']) } }],
  histogram: readHistogram,
  table: (logged, { log }) => [
    { kind: 'table', mime: trackerMimes.splitTable, place: jsonPlace(logged, log) ?? inline(logged.object) },
  ],
  'images/separated': readImages,
  images: ({ tag, object }, { step, below }) =>
    // The sprite of old versions: all pictures side by side (0.9, data_types.py, Image.seq_to_json).
    filePart(`media/images/${tag}_${step}.${formatOf(object)}`, 'images', {}, below),
  audio: readGroup,
  videos: readGroup,
  html: readGroup,
  object3D: readGroup,
  molecule: readGroup,
  bokeh: readGroup,
};

/** A type with one file at `path`; without one, what was logged is listed as it is. */
function readFile(logged: LoggedObject, { log, type, below }: Context): readonly Part[] {
  const { object } = logged;
  const found = typeof object['path'] === 'string' ? filePart(object['path'], type, object, below) : [];
  if (found.length > 0) return found;
  const place = jsonPlace(logged, log) ?? inline(object);
  if (place.at === 'inline' && place.text.length > longestListed) return [];
  return [{ kind: 'other', mime: 'application/json', place }];
}

/** Pictures of one size; their names stand in the record only since 2021, and follow from key and step before. */
function readImages({ tag, object }: LoggedObject, { step, below }: Context): readonly Part[] {
  const captions = Array.isArray(object['captions']) ? object['captions'] : [];
  const names = Array.isArray(object['filenames']) ? object['filenames'] : namesBefore2021(tag, step, object);
  return names.flatMap((name: Json, index) =>
    typeof name === 'string' ? filePart(name, 'image', { ...object, caption: captions[index] ?? null }, below) : [],
  );
}

const mostPictures = 1000;

function namesBefore2021(tag: string, step: number, object: JsonObject): readonly string[] {
  const count = Math.min(Number(object['count']) || 0, mostPictures);
  return Array.from({ length: count }, (_, index) => `media/images/${tag}_${step}_${index}.${formatOf(object)}`);
}

/** Several sounds, films, pages: the list of their objects stands under a name that differs by type. */
function readGroup(logged: LoggedObject, context: Context): readonly Part[] {
  const { object } = logged;
  const lists: readonly Json[][] = Object.values(object).filter((value) => Array.isArray(value));
  const members = lists.find((list) => list.some((item) => isObject(item) && typeof item['path'] === 'string'));
  const files = members ?? (Array.isArray(object['filenames']) ? object['filenames'].map((path) => ({ path })) : []);
  const parts = files.flatMap((item) =>
    isObject(item) && typeof item['path'] === 'string'
      ? filePart(item['path'], singular(context.type), item, context.below)
      : [],
  );
  return parts.length > 0 ? parts : readFile(logged, context);
}

function singular(type: string): string {
  return type === 'videos' ? 'video' : type;
}

/** Counts and edges stay in the log where they lie together: a run that watches its gradients has very many of them. */
function readHistogram(logged: LoggedObject, { log }: Context): readonly Part[] {
  if (logged.items !== undefined)
    return [{ kind: 'histogram', mime: trackerMimes.wandbItems, place: { at: 'range', file: log, ...logged.items } }];
  const place = jsonPlace(logged, log) ?? inline(logged.object);
  return [{ kind: 'histogram', mime: trackerMimes.wandbHistogram, place }];
}

function jsonPlace({ json }: LoggedObject, log: string): MediaPlace | undefined {
  return json === undefined ? undefined : { at: 'range', file: log, ...json };
}

function inline(object: JsonObject): MediaPlace & { readonly at: 'inline' } {
  return { at: 'inline', text: JSON.stringify(object) };
}

function filePart(path: string, type: string, about: JsonObject, below: FilePlaces['below']): readonly Part[] {
  const file = insideFiles(path, below);
  if (file === undefined) return [];
  const kind = kindOfType[type.replace(/-file$|s$/, '')] ?? 'other';
  const { width, height, caption } = about;
  return [
    {
      kind,
      mime: kind === 'table' ? trackerMimes.splitTable : mimeOfFile(file),
      ...(isSize(width) && isSize(height) ? { width, height } : {}),
      ...(typeof caption === 'string' && caption !== '' ? { caption } : {}),
      place: { at: 'file', file },
    },
  ];
}

function isSize(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0;
}

/** A path below the folder of the run's files, as W&B gives it, relative to the run's folder; undefined where it would lead out of it. */
function insideFiles(path: string, below: FilePlaces['below']): string | undefined {
  const names = path.split(/[\\/]/);
  const isInside = !path.includes('\0') && names.every((name) => name !== '..') && !/^([\\/]|[A-Za-z]:)/.test(path);
  return isInside && path !== '' ? `${below}${names.join('/')}` : undefined;
}

function formatOf(object: JsonObject): string {
  const { format } = object;
  return typeof format === 'string' && /^\w{1,5}$/.test(format) ? format : 'png';
}
