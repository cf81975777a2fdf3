import { AppError } from '../../base/errors.ts';
import { concat, narrow, type Value } from '../../graph/index.ts';
import type { Scope } from '../../nn/scope.ts';
import { adaptedImport } from '../adaptation/adapt.ts';
import { noRoom, roomOf } from '../adaptation/promptRoom.ts';
import { logitsOf, runImported, tokenInput } from '../finetuneLanguage/network.ts';
import type { BridgeParts } from './network.ts';

/** Parameters of a receiver that is adapted stand under this name. */
export const receiverScope = 'receiver';

/** Both parts of texts: what is read, int64 [N, window], and what is to be predicted behind it, int64 [N, continuation]. */
export interface TextParts {
  readonly read: Value;
  readonly told: Value;
}

/** What the receiver tells when it reads the text itself, as it is in its file: logits of each token to be predicted, [N, continuation, its vocabulary]. */
export function readingLogits(text: TextParts, parts: BridgeParts): Value {
  return behind(text, [], parts);
}

/** The same with whole other texts of the batch ahead: those that follow each, the first behind the last. Throws AppError 'bad-config' where there are too few. */
export function fewShotLogits(text: TextParts, shots: number, parts: BridgeParts): Value {
  const count = text.read.shape[0]!;
  if (shots >= count) {
    throw new AppError('bad-config', `A batch of ${count} has no ${shots} other texts as examples.`, {
      hint: 'Raise batchSize, or lower compare.shots.',
    });
  }
  const whole = concat([text.read, text.told], 1);
  const ahead = Array.from({ length: shots }, (_, i) => rolled(whole, i + 1));
  return behind(text, ahead, parts);
}

/** The same as a receiver tells it whose adapted parts are parameters of the scope. */
export function adaptedLogits(scope: Scope, { read, told }: TextParts, parts: BridgeParts): Value {
  const { receiver, config, facts } = parts;
  const room = roomOf(config.adaptation);
  return scope.within(receiverScope, (inner) => {
    const adapted = adaptedImport(inner, receiver, config.adaptation, tokenInput(receiver).name);
    const { name } = logitsOf(receiver);
    const logits = runImported(concat([read, told], 1), receiver, facts, name, room, adapted).outputs.get(name)!;
    return narrow(logits, 1, room.count + read.shape[1]! - 1, told.shape[1]!);
  });
}

function behind({ read, told }: TextParts, ahead: readonly Value[], { receiver, facts }: BridgeParts): Value {
  const tokens = concat([...ahead, read, told], 1);
  const { name } = logitsOf(receiver);
  const logits = runImported(tokens, receiver, facts, name, noRoom, {}).outputs.get(name)!;
  return narrow(logits, 1, tokens.shape[1]! - told.shape[1]! - 1, told.shape[1]!);
}

/** Rows in the order of their numbers plus `by`. */
function rolled(value: Value, by: number): Value {
  const count = value.shape[0]!;
  return concat([narrow(value, 0, by, count - by), narrow(value, 0, 0, by)], 0);
}
