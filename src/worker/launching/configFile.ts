import { readFileSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { fail, ok, type Result } from '../../base/result.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { ConfigFileInfo } from '../../protocol/worker.ts';

const maxConfigBytes = 1_000_000;
/** Where projects keep configurations, and how deep the search goes there. */
const searched = ['', 'config', 'configs', 'conf'] as const;
const searchDepth = 3;

/** The tree of a YAML configuration file. */
export function readConfigTree(file: string): Result<JsonObject, 'unreadable' | 'malformed'> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return fail(
      'unreadable',
      isMissing ? `There is no file ${file}.` : `${file} cannot be read: ${(error as Error).message}`,
    );
  }
  return parseTree(text, file);
}

/** YAML files of a folder that name a recipe, in the order of their paths. */
export async function listConfigs(folder: string, recipe: string | undefined): Promise<readonly ConfigFileInfo[]> {
  const names = await Promise.all(
    searched.map((name) => yamlFiles(path.join(folder, name), name === '' ? 0 : searchDepth)),
  );
  const infos = await Promise.all(names.flat().map(describeConfig));
  return infos
    .filter((info): info is ConfigFileInfo => info !== undefined && (recipe === undefined || info.recipe === recipe))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function yamlFiles(folder: string, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = await Promise.all(
    entries.map(async (entry) => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) return depth > 0 && !entry.name.startsWith('.') ? yamlFiles(file, depth - 1) : [];
      return /\.ya?ml$/.test(entry.name) ? [file] : [];
    }),
  );
  return found.flat();
}

async function describeConfig(file: string): Promise<ConfigFileInfo | undefined> {
  try {
    if ((await stat(file)).size > maxConfigBytes) return undefined;
    const text = await readFile(file, 'utf8');
    // A cheap look first: most YAML files of a project are no configurations of ours.
    if (!/^recipe\s*:/m.test(text)) return undefined;
    const tree = parseTree(text, file);
    if (!tree.ok || typeof tree.value['recipe'] !== 'string') return undefined;
    return { path: file, recipe: tree.value['recipe'], title: titleOf(text) ?? path.basename(file) };
  } catch {
    return undefined;
  }
}

/** The comment in the first line, which says what a configuration is for. */
function titleOf(text: string): string | undefined {
  const title = /^#+\s*(.+)/.exec(text)?.[1]?.trim();
  return title === undefined || title === '' ? undefined : title;
}

function parseTree(text: string, file: string): Result<JsonObject, 'malformed'> {
  const document = parseDocument(text, { logLevel: 'silent' });
  const broken = document.errors[0];
  if (broken !== undefined) return fail('malformed', `${file} is no YAML: ${broken.message.split('\n')[0]}`);
  const tree: unknown = document.toJS({ maxAliasCount: 100 });
  if (tree === null) return ok({});
  if (typeof tree !== 'object' || Array.isArray(tree)) return fail('malformed', `${file} must hold keys and values.`);
  return ok(tree as JsonObject);
}
