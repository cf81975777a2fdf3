import path from 'node:path';
import type { Checkpoint, CheckpointDetails } from '../../domain/checkpoint.ts';
import { checkpointFacts, type FactForms, shapeText } from '../../domain/checkpointFacts.ts';
import { flatten } from '../../domain/config.ts';
import { codeSpan, cutCell, escapeMarkdown, fencedCode, markdownTable } from '../ui/markdown.ts';
import { count, formatSize, formatValue } from '../ui/numbers.ts';

/** How many tensors a document lists, since a preview of twenty thousand rows is not read but waited for. */
const documentTensors = 2_000;
const tooltipTensors = 8;
const tooltipConfig = 8;

const forms: FactForms = {
  size: formatSize,
  time: (seconds) => new Date(seconds * 1000).toLocaleString(),
  value: formatValue,
};

/** The tooltip of a checkpoint in Markdown. `details` are missing before its file was read, and where it cannot be: then `problem` says why. */
export function checkpointTooltip(checkpoint: Checkpoint, details?: CheckpointDetails, problem?: string): string {
  const { best } = checkpoint;
  return [
    `**${escapeMarkdown(checkpoint.fileName)}**`,
    details === undefined
      ? `${escapeMarkdown(checkpoint.format)}, ${formatSize(checkpoint.sizeBytes)}, written ${forms.time(checkpoint.modifiedAt)}`
      : factLines(details),
    best === undefined ? '' : `Best of its run by ${codeSpan(best.tag)}: ${formatValue(best.value)}`,
    checkpoint.resumable ? 'Training can go on from it.' : 'Training cannot go on from it here.',
    ...(details?.notes ?? []).map(escapeMarkdown),
    problem === undefined ? '' : escapeMarkdown(problem),
    details === undefined ? '' : configTable(details),
    details === undefined ? '' : tensorTable(details, tooltipTensors),
    codeSpan(checkpoint.path),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** Everything that is known of a checkpoint, as a Markdown page. */
export function checkpointPage(details: CheckpointDetails): string {
  const { notes, config, files } = details;
  const parts = [
    `# ${escapeMarkdown(path.basename(details.path))}`,
    codeSpan(details.path),
    ...notes.map((note) => `> ${escapeMarkdown(note)}`),
    markdownTable(
      ['', ''],
      checkpointFacts(details, forms).map(([name, value]) => [escapeMarkdown(name), escapeMarkdown(value)]),
    ),
    files.length > 1 ? `## Files\n\n${files.map((file) => `- ${codeSpan(file)}`).join('\n')}` : '',
    config === undefined ? '' : `## Configuration\n\n${fencedCode('json', JSON.stringify(config, undefined, 2))}`,
    details.tensors.length === 0 ? '' : `## Tensors\n\n${tensorTable(details, documentTensors)}`,
  ];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}

function factLines(details: CheckpointDetails): string {
  return checkpointFacts(details, forms)
    .map(([name, value]) => `${escapeMarkdown(name)}: ${escapeMarkdown(value)}`)
    .join('  \n');
}

function configTable({ config }: CheckpointDetails): string {
  const leaves = config === undefined ? [] : flatten(config);
  if (leaves.length === 0) return '';
  const rows = leaves
    .slice(0, tooltipConfig)
    .map(([key, value]) => [cutCell(key), cutCell(JSON.stringify(value) ?? '')]);
  return withMore(markdownTable(['Configuration', 'Value'], rows), leaves.length - tooltipConfig, 'value');
}

function tensorTable({ tensors, tensorCount }: CheckpointDetails, most: number): string {
  if (tensors.length === 0) return '';
  const rows = tensors
    .slice(0, most)
    .map(({ name, dtype, shape }) => [cutCell(name, 200), escapeMarkdown(dtype), shapeText(shape)]);
  const table = markdownTable(['Tensor', 'Type', 'Shape'], rows);
  return withMore(table, tensorCount - rows.length, 'tensor');
}

function withMore(table: string, more: number, what: string): string {
  return more > 0 ? `${table}\n\nand ${count(more, `more ${what}`)}` : table;
}
