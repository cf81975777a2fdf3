import { explainDamage } from '../files/lfsPointer.ts';
import type { ContainerListing, RunContainer, RunFormat } from '../format.ts';
import type { Disk } from './disk.ts';

/** What discovery keeps of a container, so that the next walk need not open it again. */
export interface IndexedContainer {
  readonly container: RunContainer;
  /** What its files looked like when they were listed; absent where they changed meanwhile or were just written, so that they are looked at again. */
  readonly look?: ContainerLook;
  readonly listing: ContainerListing;
}

interface ContainerLook {
  /** Inode, size and time of the container and of what lies beside it. */
  readonly signature: string;
  /** Inode and size of the container itself. */
  readonly identity: string;
  readonly size: number;
}

/** A file that was written so shortly before may be written again within the same tick of its clock. */
const clockSeconds = 2;

/** The listing of a container: the known one while nothing has changed that could change it. Undefined where nobody can list it. */
export async function listContainer(
  container: RunContainer,
  known: IndexedContainer | undefined,
  formats: readonly RunFormat[],
  disk: Disk,
): Promise<IndexedContainer | undefined> {
  const before = await lookAt(container, disk);
  if (known !== undefined && holdsStill(known, before)) return known;
  const format = formats.find(({ source }) => source === container.source);
  const told = await format?.list?.(container);
  if (told === undefined) return undefined;
  const listing = await withReason(container, told);
  const after = await lookAt(container, disk);
  const isQuiet = before !== undefined && before.signature === after?.signature && after.isAged;
  return { container, listing, ...(isQuiet || (listing.settled && after !== undefined) ? { look: after! } : {}) };
}

/** What Git LFS has not fetched yet is skipped for that reason, and looked at again when it comes. */
async function withReason({ path }: RunContainer, listing: ContainerListing): Promise<ContainerListing> {
  if (listing.skipped === undefined) return listing;
  const skipped = await explainDamage(path, listing.skipped);
  return skipped === listing.skipped ? listing : { ...listing, skipped, settled: false };
}

function holdsStill({ look, listing }: IndexedContainer, now: ContainerLook | undefined): boolean {
  if (look === undefined || now === undefined) return false;
  if (look.signature === now.signature) return true;
  return listing.settled && look.identity === now.identity && now.size >= look.size;
}

async function lookAt(
  { path, beside = [] }: RunContainer,
  disk: Disk,
): Promise<(ContainerLook & { readonly isAged: boolean }) | undefined> {
  const looks = [];
  for (const file of [path, ...beside]) looks.push(await lookAtFile(file, disk));
  const [own] = looks;
  if (own === undefined) return undefined;
  const newest = Math.max(...looks.map((look) => look?.modifiedAt ?? 0));
  return {
    signature: looks.map((look) => look?.text ?? '-').join(' '),
    identity: own.inode,
    size: own.size,
    isAged: Date.now() / 1000 - newest > clockSeconds,
  };
}

async function lookAtFile(
  file: string,
  disk: Disk,
): Promise<{ inode: string; size: number; modifiedAt: number; text: string } | undefined> {
  try {
    const { dev, ino, size, mtimeNs, birthtimeNs } = await disk.stat(file);
    // The number of a file that was deleted is soon given to a new one.
    const inode = `${dev}:${ino}:${birthtimeNs}`;
    return { inode, size: Number(size), modifiedAt: Number(mtimeNs) / 1e9, text: `${inode}:${size}:${mtimeNs}` };
  } catch {
    return undefined;
  }
}
