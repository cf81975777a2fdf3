import { AppError } from '../../../base/errors.ts';
import { type GetOptions, getJson } from './httpGet.ts';

/** One version of a package at a feed. */
export interface NugetPackage {
  /** Address of the .nupkg file. */
  readonly address: string;
  /** Bytes; undefined where the feed does not tell. */
  readonly size: number | undefined;
  /** SHA-512 of the file, base64; undefined where the feed does not tell. */
  readonly sha512: string | undefined;
}

/** NuGet's own feed. */
export const nugetIndex = 'https://api.nuget.org/v3/index.json';

/**
 * Asks a feed of NuGet's protocol, version 3, for a package (https://learn.microsoft.com/nuget/api/overview): the index names the resources, "PackageBaseAddress"
 * has the file, and the catalog entry of the registration its size and hash (https://learn.microsoft.com/nuget/api/catalog-resource).
 * Throws AppError 'not-found' where the feed lacks this version.
 */
export async function findPackage(
  index: string,
  id: string,
  version: string,
  options: GetOptions,
): Promise<NugetPackage> {
  const resources = await readIndex(index, options);
  const base = resourceOf(resources, 'PackageBaseAddress/3.0.0');
  if (base === undefined) throw badFeed(index);
  const [name, number] = [id.toLowerCase(), version.toLowerCase()];
  const { versions } = (await getJson(`${base}${name}/index.json`, options)) as { versions?: unknown };
  if (!Array.isArray(versions) || !versions.includes(number)) {
    throw new AppError('not-found', `${index} has no version ${version} of ${id}.`, {
      hint: 'Give the package by its path with --from, or name another feed in TRAINYARD_NUGET.',
    });
  }
  const address = `${base}${name}/${number}/${name}.${number}.nupkg`;
  const registration = resourceOf(resources, 'RegistrationsBaseUrl');
  const facts = registration === undefined ? {} : await catalogFacts(`${registration}${name}/${number}.json`, options);
  return { address, size: facts.packageSize, sha512: facts.sha512 };
}

async function readIndex(index: string, options: GetOptions): Promise<readonly unknown[]> {
  const { resources } = (await getJson(index, options)) as { resources?: unknown };
  if (!Array.isArray(resources)) throw badFeed(index);
  return resources;
}

function resourceOf(resources: readonly unknown[], type: string): string | undefined {
  const found = resources.find((each) => (each as { '@type'?: unknown })['@type'] === type);
  const address = (found as { '@id'?: unknown } | undefined)?.['@id'];
  if (typeof address !== 'string') return undefined;
  return address.endsWith('/') ? address : `${address}/`;
}

/** Feeds of companies often have no catalog; then nothing is known, and the transport and the archive's own sums are the only checks. */
async function catalogFacts(leaf: string, options: GetOptions): Promise<{ packageSize?: number; sha512?: string }> {
  try {
    const { catalogEntry } = (await getJson(leaf, options)) as { catalogEntry?: unknown };
    const entry = typeof catalogEntry === 'string' ? await getJson(catalogEntry, options) : catalogEntry;
    const { packageSize, packageHash, packageHashAlgorithm } = (entry ?? {}) as Record<string, unknown>;
    const isSha512 = packageHashAlgorithm === 'SHA512' && typeof packageHash === 'string';
    return {
      ...(typeof packageSize === 'number' ? { packageSize } : {}),
      ...(isSha512 ? { sha512: packageHash } : {}),
    };
  } catch (error) {
    if (error instanceof AppError && error.code === 'not-found') return {};
    throw error;
  }
}

function badFeed(index: string): AppError {
  return new AppError('bad-file', `${index} is no feed of NuGet's protocol, version 3.`, {
    hint: 'Look at TRAINYARD_NUGET; it must name an index.json.',
  });
}
