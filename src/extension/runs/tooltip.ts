import { describeArtifact } from '../../domain/artifact.ts';
import { flatten } from '../../domain/config.ts';
import type { RunDetail, RunSummary } from '../../domain/run.ts';
import { isActive } from '../../domain/run.ts';
import { codeSpan, cutCell, escapeMarkdown, markdownTable } from '../ui/markdown.ts';
import { formatDuration, formatSize, formatValue } from '../ui/numbers.ts';
import { describeProgress, secondsLeft, statusLooks } from './present.ts';
import { loggedBySentence, sourceLooks } from './sources.ts';

/** How many keys of the configuration the tooltip shows. */
const CONFIG_ROWS = 10;
/** How many places of one run. */
const PLACES = 6;
const ARTIFACTS = 6;

/** The tooltip of a run in Markdown with theme icons: status with its evidence, device, metrics, configuration. `detail` may still be missing. */
export function runTooltip(run: RunSummary, detail?: RunDetail): string {
  const look = statusLooks[run.status];
  const icon = look.icon.replace('~spin', '');
  return [
    `**${escapeMarkdown(run.name)}**`,
    `$(${icon}) ${look.word}${run.statusReason === '' ? '' : `: ${escapeMarkdown(run.statusReason)}`}`,
    facts(run, detail),
    places(detail),
    metricRows(run),
    configRows(detail),
    artifacts(detail),
    problems(detail),
    run.note === '' ? '' : `*${escapeMarkdown(run.note)}*`,
    codeSpan(run.path),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function facts(run: RunSummary, detail: RunDetail | undefined): string {
  const left = isActive(run.status) ? secondsLeft(run) : undefined;
  const ended = run.endedAt;
  const lasted = run.startedAt === undefined || ended === undefined ? undefined : ended - run.startedAt;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Logged by', loggedBySentence(run)],
    ['Project', [run.project, run.group].filter((part) => part !== undefined).join(' / ')],
    ['Recipe', run.recipe],
    ['Network', run.architecture],
    ['Device', run.device],
    ['Host', detail?.host],
    ['Progress', progressText(run)],
    ['Left', left === undefined ? undefined : formatDuration(left)],
    ['Started', run.startedAt === undefined ? undefined : new Date(run.startedAt * 1000).toLocaleString()],
    ['Lasted', lasted === undefined ? undefined : formatDuration(lasted)],
    [
      'Commit',
      detail?.commit === undefined ? undefined : `${detail.commit.slice(0, 10)}${detail.dirty ? ' with changes' : ''}`,
    ],
    ['Labels', labelsOf(run, detail)],
    ['Note', detail?.trackerNote],
  ];
  return rows
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}: ${escapeMarkdown(value!)}`)
    .join('  \n');
}

/** The person's own labels, and behind them those of the tracker. */
function labelsOf(run: RunSummary, detail: RunDetail | undefined): string {
  return [...new Set([...run.labels, ...(detail?.trackerLabels ?? [])])].join(', ');
}

/** Every place that the run was read from, and why it is the same run. */
function places(detail: RunDetail | undefined): string {
  const sources = detail?.sources ?? [];
  if (sources.length < 2) return '';
  const lines = sources.slice(0, PLACES).map(({ source, path, why }) => {
    const look = sourceLooks[source];
    return `$(${look.icon}) ${escapeMarkdown(look.short)} ${codeSpan(path)}${why === '' ? '' : ` ${escapeMarkdown(why)}`}`;
  });
  const more = sources.length > PLACES ? `and ${sources.length - PLACES} more places` : '';
  return [...lines, more].filter((line) => line !== '').join('  \n');
}

/** What the tracker lists as made or used by the run. */
function artifacts(detail: RunDetail | undefined): string {
  const listed = detail?.artifacts ?? [];
  if (listed.length === 0) return '';
  const lines = listed
    .slice(0, ARTIFACTS)
    .map((each) => `$(package) ${codeSpan(each.name)} ${escapeMarkdown(describeArtifact(each, formatSize))}`);
  const more = listed.length > ARTIFACTS ? `and ${listed.length - ARTIFACTS} more artifacts` : '';
  return [...lines, more].filter((line) => line !== '').join('  \n');
}

function progressText(run: RunSummary): string {
  const { progress } = run;
  if (progress === undefined) return '';
  const steps =
    progress.totalSteps === undefined ? `step ${progress.step}` : `step ${progress.step} of ${progress.totalSteps}`;
  const percent = describeProgress(run);
  const phase = progress.phase === undefined || !isActive(run.status) ? '' : `, ${progress.phase}`;
  return percent.endsWith('%') ? `${percent}, ${steps}${phase}` : `${steps}${phase}`;
}

function metricRows({ metrics }: RunSummary): string {
  if (metrics.length === 0) return '';
  const rows = metrics.map(({ tag, value, min, max }) => [codeSpan(tag), ...[value, min, max].map(formatValue)]);
  return markdownTable(['Metric', 'Last', 'Min', 'Max'], rows);
}

function configRows(detail: RunDetail | undefined): string {
  const leaves = detail === undefined ? [] : flatten(detail.config);
  if (leaves.length === 0) return '';
  const rows = leaves.slice(0, CONFIG_ROWS).map(([key, value]) => [cutCell(key), cutCell(JSON.stringify(value) ?? '')]);
  const more = leaves.length > CONFIG_ROWS ? `\n\nand ${leaves.length - CONFIG_ROWS} more` : '';
  return `${markdownTable(['Configuration', 'Value'], rows)}${more}`;
}

function problems(detail: RunDetail | undefined): string {
  return (detail?.problems ?? [])
    .slice(0, 3)
    .map((problem) => `$(warning) ${escapeMarkdown(problem)}`)
    .join('\n\n');
}
