import { PickleMachine } from './machine.ts';
import { operations } from './operations.ts';
import { MalformedPickle } from './source.ts';
import type { PickleValue } from './values.ts';

export interface Unpickled {
  readonly value: PickleValue;
  /** Where the pickle ended: another one may follow, as in PyTorch's legacy files. */
  readonly end: number;
  /** Why the value is not all of it; absent where it is. */
  readonly cut?: string;
}

/** A tensor takes about thirty, so this is enough for 60 000 of them; of more, a part is read. A hostile pickle costs up to 80 bytes of memory for each. */
const mostOperations = 2_000_000;

/**
 * Reads a pickle of any protocol (0 to 5; the operations of CPython's Lib/pickletools.py) as inert data: nothing is imported, called or built. Where the bytes are cut,
 * damaged or too many, what the outermost dictionary has got by then is given. Throws MalformedPickle where there is not even that.
 */
export function unpickle(bytes: Uint8Array): Unpickled {
  const machine = new PickleMachine(bytes);
  try {
    return { value: run(machine), end: machine.source.position };
  } catch (error) {
    const begun = error instanceof MalformedPickle ? machine.begun() : undefined;
    if (begun === undefined) throw error;
    return { value: begun, end: machine.source.position, cut: (error as Error).message };
  }
}

function run(machine: PickleMachine): PickleValue {
  for (let count = 0; !machine.ended; count++) {
    if (count >= mostOperations) throw new MalformedPickle(`it has more than ${mostOperations} operations.`);
    const code = machine.source.byte();
    const operation = operations[code];
    if (operation === undefined) throw new MalformedPickle(`operation ${code} is unknown.`);
    operation(machine);
  }
  return machine.pop();
}
