/**
 * The value of a JSON text as Python writes it: `NaN`, `Infinity` and `-Infinity` may stand bare (json.dumps with allow_nan, its default); they become the texts
 * "NaN", "Infinity" and "-Infinity", as in our own JSON. Throws SyntaxError for anything else that is not JSON.
 */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!bareToken.test(text)) throw error;
    return JSON.parse(text.replace(stringOrBare, (found) => (found.startsWith('"') ? found : `"${found}"`)));
  }
}

const bareToken = /NaN|Infinity/;

/** A whole string literal, so that a token within it is left alone, or a bare token. */
const stringOrBare = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g;
