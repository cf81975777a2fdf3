/** VS Code has one place for questions in a window: who asks something takes it from whoever has it. */
let current: Promise<unknown> | undefined;

/** Asks something urgent (a passphrase). A form that loses its place to it takes it back afterwards. */
export async function interrupt<T>(ask: () => Promise<T>): Promise<T> {
  const asking = ask();
  const isOver = asking.catch(() => undefined);
  current = isOver;
  try {
    return await asking;
  } finally {
    if (current === isOver) current = undefined;
  }
}

/** Resolves when the urgent question that is on the screen has been answered; undefined where there is none. */
export function interruption(): Promise<unknown> | undefined {
  return current;
}
