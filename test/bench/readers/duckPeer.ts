import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../../scripts/setup/cache.mjs';
import { npm } from '../../../scripts/setup/npm.mjs';
import type { ReadingTimes } from './subject.ts';

const packageName = '@duckdb/node-api';
const wanted = '1.5.6-r.1';

export interface DuckPeer {
  /** "DuckDB 1.5.6-r.1". */
  readonly name: string;
  /** Reads a file into a table in memory on one thread, in a fresh process; what that statement alone took. */
  read(file: string, format: 'csv' | 'json'): Promise<ReadingTimes>;
}

/** The peer, installed into the cache where it is missing; undefined where it cannot be had. */
export async function findDuckPeer(): Promise<DuckPeer | undefined> {
  const folder = cacheFolder('duckdb');
  const manifest = path.join(folder, 'node_modules', packageName, 'package.json');
  if (!existsSync(manifest)) await install(folder);
  if (!existsSync(manifest)) return undefined;
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const entry = path.join(path.dirname(manifest), 'lib', 'index.js');
  return { name: `DuckDB ${version}`, read: (file, format) => read(entry, file, format) };
}

async function install(folder: string): Promise<void> {
  writeFileSync(path.join(folder, 'package.json'), '{"private": true}\n');
  await npm(['install', `${packageName}@${wanted}`], folder).catch((error: Error) => {
    console.error(`${packageName} cannot be installed: ${error.message.split('\n')[0]}`);
  });
}

async function read(entry: string, file: string, format: 'csv' | 'json'): Promise<ReadingTimes> {
  const program = path.join(import.meta.dirname, 'duckRead.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [program, entry, file, format]);
  return JSON.parse(stdout) as ReadingTimes;
}
