import path from 'node:path';
import type { EntryOption } from '../../../domain/entryPoint.ts';
import type { Finder, SourceFile } from '../draft.ts';
import { projectFolder } from '../pythonCommand.ts';
import { roleOf } from '../role.ts';
import { hasDirectives } from './sbatchText.ts';
import { argumentsByOptions } from './script.ts';

/** Shell scripts with a telling name or a usage text: stages of a pipeline such as generate.sh, train.sh --run-name NAME. */
export const shellFinder: Finder = {
  accepts: (name) => /\.(sh|bash)$/.test(name),
  find: (file, { root }) => {
    if (hasDirectives(file.text)) return [];
    const role = roleOf(path.basename(file.path));
    const usage = usageOf(file);
    // A program of the project's own says in its first comment what it does.
    const about = file.isExecutable ? /^#!.*\n#[ \t]*([^\s#!-].+)/.exec(file.text)?.[1]?.trim() : undefined;
    if (role === 'other' && usage === undefined && about === undefined) return [];
    // A file without a shebang that nobody may execute is read in by others.
    if (!file.isExecutable && !file.text.startsWith('#!')) return [];
    const cwd = projectFolder(path.dirname(file.path), root);
    const relative = path.relative(cwd, file.path);
    const options = optionsOf(file.text, usage?.text ?? '');
    return [
      {
        id: `shell:${file.relative}`,
        kind: 'shell',
        title: file.relative,
        file: file.path,
        line: usage?.line ?? 1,
        reason: reasonOf(path.basename(file.path), usage?.text, about),
        command:
          file.isExecutable && file.text.startsWith('#!')
            ? [relative.includes('/') ? relative : `./${relative}`]
            : [interpreterOf(file.text), relative],
        cwd,
        env: {},
        takes:
          usage === undefined && options.length === 0 && !/"?\$(@|\*|\{?[1-9])/.test(file.text)
            ? 'nothing'
            : 'arguments',
        role,
        ...(options.length === 0 ? {} : { options }),
        ...argumentsByOptions(options),
      },
    ];
  },
};

function reasonOf(name: string, usage: string | undefined, about: string | undefined): string {
  if (usage !== undefined) return `Says how it is used: ${usage}.`;
  return about === undefined ? `Is named ${name}.` : `Says of itself: ${about.replace(/\.$/, '')}.`;
}

/** The program of the shebang: bash for `#!/usr/bin/env bash` and where there is none. */
export function interpreterOf(text: string): string {
  const words =
    /^#![ \t]*(.+)/
      .exec(text)?.[1]
      ?.trim()
      .split(/[ \t]+/) ?? [];
  const program = path.basename(words[0] ?? 'bash');
  return program === 'env' ? (words.find((word, index) => index > 0 && !word.startsWith('-')) ?? 'bash') : program;
}

/** Options that a shell script names: in its usage text with their values, and in the branches of a `case`. */
export function optionsOf(text: string, usage: string): readonly EntryOption[] {
  const found = new Map<string, EntryOption>();
  // In a usage text, a word in capitals behind an option is its value: --run-name NAME.
  for (const match of usage.matchAll(/(\[)?(--[a-z][\w-]*)(?:[= ]<?([A-Z][A-Z0-9_]*)>?)?/g))
    add(
      found,
      match[2]!,
      match[3],
      match[1] === undefined && match[3] !== undefined && !isBracketed(usage, match.index),
    );
  for (const match of text.matchAll(
    /^[ \t]*(?:-\w[ \t]*\|[ \t]*)?(--[a-z][\w-]*)(?:[ \t]*\|[ \t]*-{1,2}[\w-]+)*[ \t]*\)(.*)$/gm,
  ))
    add(
      found,
      match[1]!,
      /\$(2|\{2)/.test(match[2]!) || /shift[ \t]+2/.test(match[2]!)
        ? match[1]!.replace(/^-+/, '').replaceAll('-', '_').toUpperCase()
        : undefined,
      false,
    );
  const described = [
    ...text.matchAll(/^[ \t]*(?:#|echo[ \t]+["'])[ \t]*(--[a-z][\w-]*)(?:[ =]<?[A-Z_]+>?)?[ \t]{2,}(.+?)["']?$/gm),
  ];
  for (const [, name, description] of described) {
    const option = found.get(name!);
    if (option !== undefined) found.set(name!, { ...option, description: description!.trim() });
  }
  found.delete('--help');
  return [...found.values()];
}

function add(found: Map<string, EntryOption>, name: string, value: string | undefined, required: boolean): void {
  if (found.has(name)) return;
  found.set(name, { name, ...(value === undefined ? {} : { value }), ...(required ? { required } : {}) });
}

function isBracketed(usage: string, at: number): boolean {
  const before = usage.slice(0, at);
  return before.lastIndexOf('[') > before.lastIndexOf(']');
}

function usageOf(file: SourceFile): { readonly text: string; readonly line: number } | undefined {
  const lines = file.text.split('\n', 400);
  const index = lines.findIndex((line) => /\busage:/i.test(line));
  if (index < 0) return undefined;
  const said = lines[index]!.replace(/^.*?\busage:[ \t]*/i, '')
    .replace(/["';]+[ \t]*(>&2.*)?$/, '')
    .trim();
  const text = said === '' ? (lines[index + 1] ?? '').replace(/^[ \t]*#?[ \t]*/, '').trim() : said;
  return text === '' ? undefined : { text, line: index + 1 };
}
