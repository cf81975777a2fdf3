import type { MeasuredCheckpoint } from '../../domain/checkpointUse.ts';
import { codeSpan, escapeMarkdown, markdownTable } from '../ui/markdown.ts';
import { formatValue } from '../ui/numbers.ts';

/** The figures of a checkpoint on held-out data, as a Markdown page. */
export function measuredPage({ run, step, checkpoint, metrics, texts, dataSets, missing }: MeasuredCheckpoint): string {
  const figures = Object.entries(metrics).map(([tag, value]) => [codeSpan(tag), formatValue(value)]);
  const sets = Object.entries(dataSets).map(
    ([name, sha256]) => `${escapeMarkdown(name)} (SHA-256 ${codeSpan(sha256)})`,
  );
  const parts = [
    `# ${escapeMarkdown(run)}, step ${step}`,
    codeSpan(checkpoint),
    ...missing.map((name) => `> The ${escapeMarkdown(name)} data are not there, so nothing was measured on them.`),
    figures.length === 0 ? '' : markdownTable(['Metric', 'Value'], figures),
    ...Object.entries(texts).map(([tag, text]) => `## ${escapeMarkdown(tag)}\n\n${text}`),
    sets.length === 0 ? '' : `With the averaged weights, on the data sets ${sets.join(', ')}.`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
