/**
 * The arguments with edits behind them. An argument that sets the same key as an edit goes, since some programs refuse a key that is set twice:
 * `batch_size=64` with the edit `batch_size=32`, `--lr=1` with `--lr=2`. Hydra's `+` and `++` before a key do not make it another one.
 */
export function editedArguments(args: readonly string[], edits: readonly string[]): readonly string[] {
  const keys = new Set(edits.flatMap(keyOf));
  return [...args.filter((argument) => !keyOf(argument).some((key) => keys.has(key))), ...edits];
}

function keyOf(argument: string): readonly string[] {
  const at = argument.indexOf('=');
  return at <= 0 ? [] : [argument.slice(0, at).replace(/^\++/, '')];
}
