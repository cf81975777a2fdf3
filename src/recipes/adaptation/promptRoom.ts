import { concat, expand, narrow, type Value } from '../../graph/index.ts';
import type { Adaptation } from './adaptation.ts';

/** Places among the tokens that a soft prompt takes: `count` of them behind the first `behind` tokens. */
export interface PromptRoom {
  readonly count: number;
  readonly behind: number;
}

export const noRoom: PromptRoom = { count: 0, behind: 0 };

/** The places that an adaptation takes. */
export function roomOf({ kind, promptTokens, promptBehind = 0 }: Adaptation): PromptRoom {
  return kind === 'soft-prompt' ? { count: promptTokens, behind: promptBehind } : noRoom;
}

/** [N, tokens, …] with the room in it: `filling` [1 or N, count, …] stands there. */
export function withRoom(value: Value, { count, behind }: PromptRoom, filling: Value): Value {
  if (count === 0) return value;
  const [examples, length] = value.shape as [number, number];
  const own = expand(filling, [examples, ...filling.shape.slice(1)]);
  const rest = narrow(value, 1, behind, length - behind);
  return concat(behind === 0 ? [own, rest] : [narrow(value, 1, 0, behind), own, rest], 1);
}

/** [N, tokens with the room, …] without it. */
export function withoutRoom(value: Value, { count, behind }: PromptRoom): Value {
  if (count === 0) return value;
  const rest = narrow(value, 1, behind + count, value.shape[1]! - behind - count);
  return behind === 0 ? rest : concat([narrow(value, 1, 0, behind), rest], 1);
}
