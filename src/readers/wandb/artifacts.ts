import { type ArtifactFile, mostArtifactFiles, mostArtifacts, type RunArtifact } from '../../domain/artifact.ts';
import type { Range, WireReader } from '../tensorboard/wire.ts';
import { readFields } from './records.ts';
import type { LoggedArtifact } from './state.ts';

interface ArtifactTarget {
  name: string;
  type: string;
  digest: string;
  description: string;
  clientId: string;
  aliases: string[];
  files: ArtifactFile[];
  fileCount: number;
  sizeBytes: number;
}

/** It is kept with the run and shown in a line. */
const longestDescription = 500;

const sized = (field: number): number => field * 8 + 2;
const varint = (field: number): number => field * 8;
const text = (reader: WireReader): string => reader.text(reader.range());

/** ArtifactRecord (wandb/proto/wandb_internal.proto): type 4, name 5, digest 6, description 7, aliases 11, manifest 12, client_id 15. */
export function readArtifact(reader: WireReader): LoggedArtifact {
  const found = readFields<ArtifactTarget>(
    reader,
    {
      [sized(4)]: (inner, into) => {
        into.type = text(inner);
      },
      [sized(5)]: (inner, into) => {
        into.name = text(inner);
      },
      [sized(6)]: (inner, into) => {
        into.digest = text(inner);
      },
      [sized(7)]: (inner, into) => {
        into.description = text(inner).slice(0, longestDescription);
      },
      [sized(11)]: (inner, into) => {
        into.aliases.push(text(inner));
      },
      [sized(12)]: (inner, into) => readManifest(inner, inner.range(), into),
      [sized(15)]: (inner, into) => {
        into.clientId = text(inner);
      },
    },
    {
      name: '',
      type: '',
      digest: '',
      description: '',
      clientId: '',
      aliases: [],
      files: [],
      fileCount: 0,
      sizeBytes: 0,
    },
  );
  const { name, fileCount, sizeBytes, files, aliases, type, description, digest, clientId } = found;
  return {
    name,
    use: 'made',
    fileCount,
    sizeBytes,
    files,
    ...(aliases.length === 0 ? {} : { aliases }),
    ...said({ type, description, digest, clientId }),
  };
}

/** UseArtifactRecord: type 2, name 3. Its files are those of another run. */
export function readUsedArtifact(reader: WireReader): LoggedArtifact {
  const { name, type } = readFields(
    reader,
    {
      [sized(2)]: (inner, into) => {
        into.type = text(inner);
      },
      [sized(3)]: (inner, into) => {
        into.name = text(inner);
      },
    },
    { name: '', type: '' },
  );
  return { name, use: 'used', fileCount: 0, sizeBytes: 0, files: [], ...said({ type }) };
}

/** The list with one more; a version that is told again takes the place of what was known of it. */
export function withArtifact(known: readonly LoggedArtifact[], artifact: LoggedArtifact): readonly LoggedArtifact[] {
  if (artifact.name === '') return known;
  const id = idOf(artifact);
  const others = known.filter((each) => idOf(each) !== id);
  return others.length < mostArtifacts ? [...others, artifact] : known;
}

/** As the facts of a run have them. */
export function withoutIds(artifacts: readonly LoggedArtifact[]): readonly RunArtifact[] | undefined {
  return artifacts.length === 0 ? undefined : artifacts.map(({ clientId: _, ...artifact }) => artifact);
}

function idOf({ use, name, type, clientId, digest }: LoggedArtifact): string {
  return JSON.stringify([use, name, type, clientId ?? digest]);
}

/** ArtifactManifest: contents 4. What its manifest file (5) holds is not in the log. */
function readManifest(reader: WireReader, range: Range, into: ArtifactTarget): void {
  readFields(
    reader.inside(range),
    {
      [sized(4)]: (inner, target) => {
        const file = readEntry(inner, inner.range());
        target.fileCount++;
        target.sizeBytes += file.sizeBytes;
        if (target.files.length < mostArtifactFiles) target.files.push(file);
      },
    },
    into,
  );
}

/** ArtifactManifestEntry: path 1, ref 3, size 4, local_path 6. */
function readEntry(reader: WireReader, range: Range): ArtifactFile {
  const { path, ref, size, local } = readFields(
    reader.inside(range),
    {
      [sized(1)]: (inner, into) => {
        into.path = text(inner);
      },
      [sized(3)]: (inner, into) => {
        into.ref = text(inner);
      },
      [varint(4)]: (inner, into) => {
        into.size = inner.varint();
      },
      [sized(6)]: (inner, into) => {
        into.local = text(inner);
      },
    },
    { path: '', ref: '', size: 0, local: '' },
  );
  const from = local === '' ? ref : local;
  return { path, sizeBytes: size, ...(from === '' ? {} : { from }) };
}

function said<T extends { readonly [name: string]: string }>(texts: T): { readonly [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== '')) as { [K in keyof T]?: string };
}
