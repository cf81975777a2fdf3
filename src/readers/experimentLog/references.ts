import type { LogLine } from './sections.ts';

/** Paths have bounds, so that a line without end costs no more than its length. */
const file = /[\w./@+={},:~-]{0,400}[\w}]\.(?:pt|pth|ckpt|safetensors|onnx)\b/g;
const mostNames = 200;

/** The checkpoints that an entry names anywhere: in its text, its commands and its tables. Braces of shells are written out. */
export function checkpointsIn(lines: readonly LogLine[]): readonly string[] {
  const written = lines
    .flatMap(({ text }) => text.match(file) ?? [])
    .map((name) => name.replace(/^[\w-]+=(?=\S*[/.])|^[:,=]+/, ''));
  return [...new Set(written.flatMap(writeOut))].slice(0, mostNames);
}

const day = /\b(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b/g;
const dateLine = /^\s*(?:[-*]\s+)?\*\*(?:date|started|finished|completed|updated|last updated|run on)[^*]*\*\*/i;

/** The days that an entry itself is about: those of its title, its status and lines such as `**Date:** 2026-01-22`. */
export function datesIn(title: string, status: string, lines: readonly LogLine[]): readonly string[] {
  const texts = lines.filter(({ text, fence }) => fence === 'outside' && dateLine.test(text)).map(({ text }) => text);
  return [...new Set([title, status, ...texts].flatMap((text) => text.match(day) ?? []))];
}

/** `a_{1,2}.pt` stands for a_1.pt and a_2.pt. What would be too many names, or is no list, stays as it is written. */
function writeOut(name: string): readonly string[] {
  let names = [name];
  while (names.some((each) => braces.test(each))) {
    names = names.flatMap((each) => {
      const [whole, choices] = braces.exec(each) ?? [];
      return whole === undefined ? [each] : choices!.split(',').map((choice) => each.replace(whole, choice.trim()));
    });
    if (names.length > mostNames) return [name];
  }
  return names;
}

const braces = /\{([^{}]*)\}/;
