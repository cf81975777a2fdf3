import { describeArtifact } from '../../../domain/artifact.ts';
import type { SeriesInfo } from '../../../domain/run.ts';
import { print, printTable, shortNumber, shortSize } from '../../output.ts';
import type { Inspected } from './readRun.ts';

/** Prints a run for people: what it is, where it comes from, and its tags, those of the machine last. */
export function printRun({ run, path, facts, series }: Inspected): void {
  print(`${facts.name ?? run.name}  (${run.source}, ${facts.status ?? 'unknown'}: ${facts.statusReason ?? ''})`);
  print(`  ${path}`);
  const about: readonly (readonly [string, string | undefined])[] = [
    ['project', [facts.project, facts.group].filter((part) => part !== undefined).join(' / ')],
    ['id', facts.trackerId],
    ['also in', (facts.sources ?? []).slice(1).map(alsoIn).join(', ')],
    ['console', (facts.console ?? []).map(({ file }) => file).join(', ')],
    ['config', (facts.configFiles ?? []).join(', ')],
    ...(facts.artifacts ?? []).map((artifact): [string, string] => [
      'artifact',
      `${artifact.name} (${describeArtifact(artifact, shortSize)})`,
    ]),
  ];
  for (const [name, text] of about) if (text !== undefined && text !== '') print(`  ${name}: ${text}`);
  const rows = [...series].sort((a, b) => Number(a.system === true) - Number(b.system === true)).map(tagRow);
  if (rows.length > 0)
    printTable(
      ['  tag', 'kind', 'count', 'first step', 'last step', 'first', 'last', 'min', 'max', 'not finite'],
      rows,
    );
  print('');
}

function alsoIn({ source, path, why }: { source: string; path: string; why: string }): string {
  return `${source} ${path}${why === '' ? '' : ` (${why.replace(/\.$/, '')})`}`;
}

function tagRow(info: SeriesInfo): string[] {
  return [
    `  ${info.tag}`,
    info.system === true ? 'system' : info.kind,
    String(info.count),
    String(info.firstStep),
    String(info.lastStep),
    shortNumber(info.firstValue),
    shortNumber(info.lastValue),
    shortNumber(info.min),
    shortNumber(info.max),
    info.nonFinite === 0 ? '' : String(info.nonFinite),
  ];
}
