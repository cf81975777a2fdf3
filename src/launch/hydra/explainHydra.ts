import type { JsonObject } from '../../domain/json.ts';

/** What the project's own Hydra said: a configuration, what is wrong with the overrides, or why it could not be asked. */
export type HydraAnswer =
  | { readonly kind: 'composed'; readonly yaml: string; readonly config: JsonObject }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'unavailable'; readonly message: string };

/** Beginnings of what Hydra says about overrides and configurations (Hydra 1.1 to 1.3). Anything else is a failure of the program itself. */
const hydraWords =
  /^(?:In '[^']*': |Could not |Cannot find primary config|Error parsing override|Error merging override|Ambiguous value for argument|Multiple values for|You must specify|Sweep parameters|mismatched input|missing EQUAL|no viable alternative|extraneous input|token recognition error|LexerNoViableAltException|.* appears more than once in the final defaults list|Error resolving interpolation|Invalid defaults list|Duplicate _self_|Missing mandatory value)/;

/** What an error output means: overrides that do not fit, or a program that does not start. */
export function explainHydra(stderr: string): HydraAnswer {
  const lines = stderr
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && !line.startsWith('Set the environment variable HYDRA_FULL_ERROR'));
  const at = lines.findIndex((line) => hydraWords.test(line.trim()) || hydraWords.test(withoutName(line)));
  if (at >= 0) return { kind: 'refused', message: sentence(lines.slice(at)) };
  const missing = lines.findLast((line) => /^(ModuleNotFoundError|ImportError): /.test(line));
  if (missing !== undefined)
    return { kind: 'unavailable', message: `The program does not start in its Python: ${missing}.` };
  return {
    kind: 'unavailable',
    message: `The program did not print its configuration: ${lines.at(-1) ?? 'it said nothing'}.`,
  };
}

/** Without the class of the exception: "hydra.errors.ConfigCompositionException: …". */
function withoutName(line: string): string {
  return line.trim().replace(/^[\w.]+(?:Exception|Error): /, '');
}

function sentence(lines: readonly string[]): string {
  const path = lines.findIndex((line) => /^(Config )?[Ss]earch path:/.test(line));
  const words = lines
    .slice(0, path < 0 ? 8 : path)
    .map((line) => withoutName(line).trim())
    .filter((line) => !/^(full_key|object_type)[:=]|^See https?:/.test(line));
  const options = words.findIndex((line) => line.startsWith('Available options'));
  const joined =
    options < 0 ? words.join(' ') : `${words.slice(0, options + 1).join(' ')} ${words.slice(options + 1).join(', ')}`;
  return /[.?!]$/.test(joined) ? joined : `${joined}.`;
}
