import type { DoctorCheck, DoctorReport } from '../../domain/doctor.ts';
import { escapeMarkdown } from '../ui/markdown.ts';
import { count } from '../ui/numbers.ts';

const groupTitles: { readonly [G in DoctorCheck['group']]: string } = {
  worker: 'Worker',
  devices: 'Devices',
  disk: 'Disk',
  workspace: 'Workspace',
  sources: 'Sources',
  tools: 'Tools',
};

/** Signs that every text font has; colour emoji are missing on many servers. */
const marks: { readonly [S in DoctorCheck['state']]: string } = { ok: '✓', warning: '⚠', problem: '✗' };

/** The report as Markdown: what is wrong first, in a sentence; then every check by group with its hint. */
export function doctorMarkdown(report: DoctorReport, at: Date): string {
  const groups = Object.keys(groupTitles) as DoctorCheck['group'][];
  const sections = groups.map((group) =>
    section(
      group,
      report.checks.filter((check) => check.group === group),
    ),
  );
  return [
    '# Trainyard Doctor',
    summary(report.checks),
    ...sections.filter((text) => text !== ''),
    `*Looked at ${escapeMarkdown(at.toLocaleString())}.*`,
  ].join('\n\n');
}

function summary(checks: readonly DoctorCheck[]): string {
  const problems = checks.filter(({ state }) => state === 'problem').length;
  const warnings = checks.filter(({ state }) => state === 'warning').length;
  if (problems + warnings === 0) return `Everything is in order: ${count(checks.length, 'check')}.`;
  const parts = [problems > 0 ? count(problems, 'problem') : '', warnings > 0 ? count(warnings, 'warning') : ''];
  return `**${parts.filter(Boolean).join(' and ')}** in ${count(checks.length, 'check')}.`;
}

function section(group: DoctorCheck['group'], checks: readonly DoctorCheck[]): string {
  if (checks.length === 0) return '';
  const order: readonly DoctorCheck['state'][] = ['problem', 'warning', 'ok'];
  const sorted = [...checks].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
  return [`## ${groupTitles[group]}`, sorted.map(line).join('\n')].join('\n\n');
}

function line({ state, title, detail, hint }: DoctorCheck): string {
  const text = `- ${marks[state]} **${escapeMarkdown(title)}**${detail === '' ? '' : `: ${escapeMarkdown(detail)}`}`;
  return hint === undefined ? text : `${text}  \n  *${escapeMarkdown(hint)}*`;
}
