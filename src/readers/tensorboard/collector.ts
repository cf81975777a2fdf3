import type { JsonObject } from '../../domain/json.ts';
import type { MediaRecord, ScalarBatch } from '../../domain/records.ts';
import { type TagColumns, type TagMeaning, TagTable } from './columns.ts';
import { type Event, readEvent, type SummaryValue } from './event.ts';
import { readFastScalar } from './fastScalar.ts';
import { readHparams, sessionStartTag } from './hparams.ts';
import { hasContent, histogramV1, type MediaContext, readAudioV1, readImageV1, readTensorMedia } from './media.ts';
import { elementCount, readTensor, stringType, type Tensor } from './tensor.ts';
import { WireReader } from './wire.ts';

/** A buffer with events, and where it comes from. */
export interface EventBuffer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly file: string;
  /** Offset in the file of the buffer's first byte. */
  readonly offset: number;
}

/** A new session of the log: TensorBoard hides what was logged before at this step and above. Here it stays, and this says where. */
export interface Restart {
  readonly step: number;
  readonly wallTime: number;
}

/** What a whole log says beside its rows. It is small, and kept in the cursor. */
export interface LogFacts {
  readonly firstWallTime: number | null;
  readonly lastWallTime: number | null;
  readonly hparams: JsonObject | null;
  readonly restarts: readonly Restart[];
}

/** They are kept in the cursor, so a file made of nothing else must not fill it. */
const mostRestarts = 1000;

export const emptyLogFacts: LogFacts = { firstWallTime: null, lastWallTime: null, hparams: null, restarts: [] };

/** Sorts events into columns and media, and remembers what each tag means. */
export class EventCollector {
  readonly tags: TagTable;
  #media: MediaRecord[] = [];
  /** First and last wall time, NaN where there is none: numbers in an array cost no allocation per event. */
  readonly #wallTimes: Float64Array;
  #hparams: JsonObject | null;
  readonly #restarts: Restart[];

  /** `expected`: about how many rows a tag will have. */
  constructor(
    facts: LogFacts,
    meanings: Iterable<readonly [string, TagMeaning]>,
    expected?: ReadonlyMap<string, number>,
  ) {
    this.tags = new TagTable(expected);
    this.#wallTimes = Float64Array.of(facts.firstWallTime ?? Number.NaN, facts.lastWallTime ?? Number.NaN);
    this.#hparams = facts.hparams;
    this.#restarts = [...facts.restarts];
    for (const [tag, meaning] of meanings) this.tags.findText(tag).meaning = meaning;
  }

  /** What the log said of itself up to here. */
  get facts(): LogFacts {
    return {
      firstWallTime: orNull(this.#wallTimes[0]!),
      lastWallTime: orNull(this.#wallTimes[1]!),
      hparams: this.#hparams,
      restarts: this.#restarts,
    };
  }

  /** Takes the event in bytes [start, end). Throws MalformedMessage, and then nothing of the event was taken. */
  take(buffer: EventBuffer, start: number, end: number): void {
    if (readFastScalar(buffer.bytes, buffer.view, start, end, this.tags))
      this.#sawTime(buffer.view.getFloat64(start + 1, true));
    else this.#takeAny(buffer, start, end);
  }

  /** A function of its own: one that holds closures allocates their surroundings whenever it is called. */
  #takeAny(buffer: EventBuffer, start: number, end: number): void {
    const reader = new WireReader(buffer.bytes, buffer.view, { start, end });
    const event = readEvent(reader);
    const parsed = event.values.map((value) => this.#interpret(reader, event, value, buffer));
    this.#sawTime(event.wallTime);
    if (event.sessionStart && this.#restarts.length < mostRestarts) {
      this.#restarts.push({ step: event.step, wallTime: event.wallTime });
    }
    for (const apply of parsed) apply();
  }

  /** The rows since the last call. `lent`: see PollBudget. */
  takeRows(lent: boolean): { readonly scalars: readonly ScalarBatch[]; readonly media: readonly MediaRecord[] } {
    const scalars = this.tags.all.filter((columns) => columns.count > 0).map((columns) => columns.take(lent));
    const media = this.#media;
    this.#media = [];
    return { scalars, media };
  }

  /** Reads a value to its end before anything is kept, and gives back what to keep. */
  #interpret(reader: WireReader, event: Event, value: SummaryValue, buffer: EventBuffer): () => void {
    const columns = this.tags.find(reader.bytes, reader.view, value.tag.start, value.tag.end);
    // The first metadata of a tag holds for all of it.
    const meaning = columns.meaning ?? value.meaning;
    const remember = (): void => {
      columns.meaning ??= value.meaning;
    };
    if (!hasContent(value)) {
      const hparams =
        columns.tag === sessionStartTag && value.pluginContent !== undefined
          ? readHparams(reader.inside(value.pluginContent))
          : undefined;
      return () => {
        remember();
        if (hparams !== undefined) this.#hparams = { ...this.#hparams, ...hparams };
      };
    }
    const { simpleValue } = value;
    if (simpleValue !== undefined) {
      return () => {
        remember();
        columns.push(event.step, event.wallTime, simpleValue);
      };
    }
    const tensor = value.tensor === undefined ? undefined : readTensor(reader.inside(value.tensor));
    const scalar = tensor === undefined ? undefined : scalarOf(tensor, meaning);
    if (scalar !== undefined) {
      return () => {
        remember();
        columns.push(event.step, event.wallTime, scalar);
      };
    }
    const media = readMedia(reader, value, tensor, meaning, contextOf(columns, event, buffer));
    return () => {
      remember();
      this.#media.push(...media);
    };
  }

  #sawTime(wallTime: number): void {
    if (!(wallTime > 0)) return;
    const seen = this.#wallTimes;
    if (Number.isNaN(seen[0]!)) seen[0] = wallTime;
    seen[1] = wallTime;
  }
}

/**
 * The value of a tensor that is a scalar: one of the plugin `scalars` or of the data class SCALAR, and also a number of rank 0 that nobody
 * described, since metadata may be missing where a file lost its beginning.
 */
function scalarOf(tensor: Tensor, meaning: TagMeaning | undefined): number | undefined {
  const described = meaning?.plugin === 'scalars' || meaning?.dataClass === 1;
  const undescribed = (meaning === undefined || meaning.plugin === '') && tensor.shape.length === 0;
  return (described && elementCount(tensor.shape) === 1) || undescribed ? tensor.first : undefined;
}

function readMedia(
  reader: WireReader,
  value: SummaryValue,
  tensor: Tensor | undefined,
  meaning: TagMeaning | undefined,
  context: MediaContext,
): readonly MediaRecord[] {
  if (value.image !== undefined) return [readImageV1(reader.inside(value.image), context)];
  if (value.audio !== undefined) return [readAudioV1(reader.inside(value.audio), context)];
  if (value.histogram !== undefined) return [histogramV1(value.histogram, context)];
  if (value.tensor === undefined || tensor === undefined) return [];
  const isStringOfNobody = meaning === undefined && tensor.dtype === stringType;
  return readTensorMedia(reader, isStringOfNobody ? 'text' : (meaning?.plugin ?? ''), tensor, value.tensor, context);
}

function contextOf(columns: TagColumns, event: Event, buffer: EventBuffer): MediaContext {
  return {
    tag: columns.tag,
    step: event.step,
    wallTime: event.wallTime,
    file: buffer.file,
    bufferOffset: buffer.offset,
  };
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
