import type { EntryPoint } from '../../domain/entryPoint.ts';

type Role = EntryPoint['role'];

/** Words in names of files, functions and targets, and what they are for. The first that fits counts. */
const words: readonly (readonly [Role, RegExp])[] = [
  [
    'evaluate',
    /^(eval|evaluate|evaluation|test|validate|validation|predict|inference|infer|benchmark|bench|score|sample|fid)$/,
  ],
  [
    'data',
    /^(data|dataset|datasets|generate|gen|prepare|preprocess|preprocessing|tokenize|tokenise|download|upload|convert|make_data|split)$/,
  ],
  [
    'train',
    /^(train|training|trainer|pretrain|finetune|fine|tune|fit|launcher|launch|sweep|run|submit|main|sft|dpo|grpo|ppo|rl|distill)$/,
  ],
];

/** What something is for, judged by its name: "train_bridge.py" trains. */
export function roleOf(name: string): Role {
  const parts = name
    .replace(/\.[A-Za-z0-9]+$/, '')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== '');
  // The first telling word decides: eval_train_split evaluates, train_eval trains.
  for (const part of parts) {
    const found = words.find(([, pattern]) => pattern.test(part));
    if (found !== undefined) return found[0];
  }
  return 'other';
}
