import path from 'node:path';
import type { EntryPoint } from '../../../domain/entryPoint.ts';
import type { Finder } from '../draft.ts';
import { lineAt } from '../pythonText.ts';
import { roleOf } from '../role.ts';

/** Targets that every Makefile has and nobody launches from here. */
const chores =
  /^(all|help|clean.*|distclean|install.*|uninstall|lint.*|format.*|fmt|check|style|docs?|type-?check|mypy|coverage|test|tests|test-.*|build|dist|release|publish|sync|setup|venv|env|requirements|pre-?commit.*|debug|default|init|update|upgrade|lock|deps.*)$/;

/** Targets of a Makefile that are phony, or named for training, evaluation or data. */
export const makeFinder: Finder = {
  accepts: (name) => /^(Makefile|makefile|GNUmakefile)$/.test(name),
  find: (file) => {
    const phony = new Set(
      [...file.text.matchAll(/^\.PHONY[ \t]*:((?:.*\\\n)*.*)$/gm)].flatMap((match) =>
        match[1]!.replaceAll('\\', ' ').trim().split(/\s+/),
      ),
    );
    const entries: EntryPoint[] = [];
    const seen = new Set<string>();
    for (const match of file.text.matchAll(
      /^([A-Za-z0-9][\w.-]*(?:[ \t]+[A-Za-z0-9][\w.-]*)*)[ \t]*:(?![=:])([^\n]*)$/gm,
    )) {
      for (const target of match[1]!.split(/[ \t]+/)) {
        const role = roleOf(target);
        const isFile = /\.\w+$/.test(target) && !phony.has(target);
        if (seen.has(target) || isFile || chores.test(target) || (role === 'other' && !phony.has(target))) continue;
        seen.add(target);
        const said = /##[ \t]*(.+)$/.exec(match[2]!)?.[1];
        entries.push({
          id: `make:${file.relative}#${target}`,
          kind: 'make',
          title: `make ${target}`,
          file: file.path,
          line: lineAt(file.text, match.index),
          reason:
            said === undefined
              ? `A ${phony.has(target) ? 'phony ' : ''}target of ${file.relative}.`
              : `${said.trim().replace(/\.$/, '')} (${file.relative}).`,
          command: ['make', target],
          cwd: path.dirname(file.path),
          env: {},
          takes: 'arguments',
          role,
        });
      }
    }
    return entries;
  },
};
