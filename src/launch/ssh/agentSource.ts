import { readFileSync } from 'node:fs';
import path from 'node:path';

let text: Buffer | undefined;

/** The agent's text: `agent.py` lies beside this file, and beside the bundle that holds it. */
export function agentSource(): Buffer {
  text ??= readFileSync(path.join(import.meta.dirname, 'agent.py'));
  return text;
}
