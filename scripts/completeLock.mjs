// Completes package-lock.json with optional packages of other platforms that npm left out because the registry in use does
// not offer them. Without these entries `npm ci` refuses the lock file everywhere; with them it skips what does not fit.
import { readFileSync, writeFileSync } from 'node:fs';
import { missingOptional } from './setup/packages.mjs';

const SYSTEMS = new Set(['darwin', 'linux', 'win32', 'android', 'freebsd', 'openharmony']);
const PROCESSORS = new Set([
  'arm64',
  'x64',
  'arm',
  'ia32',
  'ppc64',
  'riscv64',
  's390x',
  'loong64',
  'mips64el',
  'wasm32',
]);

const file = 'package-lock.json';
const lock = JSON.parse(readFileSync(file, 'utf8'));
const missing = missingOptional(lock.packages);
for (const { name, version, dev } of missing) {
  // The platform stands in the name: cli-linux-x64-musl, binding-win32-arm64-msvc.
  const words = name.split(/[/-]/);
  const cpu = words.filter((word) => PROCESSORS.has(word));
  const os = words.filter((word) => SYSTEMS.has(word));
  if (cpu.length === 0)
    throw new Error(`The platform of ${name} cannot be read from its name; add it to ${file} by hand.`);
  lock.packages[`node_modules/${name}`] = {
    version,
    cpu,
    ...(dev ? { dev } : {}),
    optional: true,
    ...(os.length > 0 ? { os } : {}),
  };
}
// The repository's own entry has the empty name and stays first.
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${missing.length} packages added to ${file}.`);
