import path from 'node:path';
import type { PythonPackages } from './python.ts';

/** What wandb needs to write a run offline. Its other requirements send telemetry of the library itself. */
const needed = [
  'click',
  'packaging',
  'platformdirs',
  'protobuf',
  'pydantic',
  'pyyaml',
  'requests',
  'typing-extensions',
  'xxhash',
  'opentelemetry-api',
  'numpy',
  'pillow',
];

/**
 * Installs wandb, with all that it asks for, or where a registry lacks some of its telemetry packages, with what it needs and a stand-in for the one name
 * of them that it imports.
 */
export async function installWandb(python: PythonPackages): Promise<void> {
  const standIns = path.join(import.meta.dirname, 'standIns');
  const hasAll = async (): Promise<boolean> => (await python.missing(['wandb', 'numpy', 'PIL'])).length === 0;
  if (await hasAll()) return;
  python.addStandIns(standIns);
  if (await hasAll()) return;
  try {
    await python.install(['wandb', 'numpy', 'pillow']);
  } catch {
    await python.install(['wandb'], ['--no-deps']);
    await python.install(needed);
  }
}
