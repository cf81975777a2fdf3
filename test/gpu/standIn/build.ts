// Makes libraries that stand in for CUDA's, with every function that a provider of ONNX Runtime asks for.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { neededLibraries } from '../../../src/trainer/devices/cuda/elf.ts';
import { providerLibraries } from '../../../src/trainer/devices/cuda/release.ts';

const source = path.join(import.meta.dirname, 'standIn.c');
const cudnn = 'libcudnn.so.9';

/** Writes the libraries that the provider in `providerFolder` needs into `folder`. Needs a C compiler and `nm`. */
export function buildStandIns(providerFolder: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  const provider = path.join(providerFolder, providerLibraries[0]);
  const written = new Set([...readFileSync(source, 'utf8').matchAll(/(\w+)\(/g)].map(([, name]) => name!));
  const symbols = versionedSymbols(provider);
  for (const library of neededLibraries(provider).filter((name) => /^lib(cu|nv)/.test(name))) {
    buildLibrary(folder, library, symbols.get(library) ?? [], written, true);
  }
  // It is loaded when first needed, so its functions are asked for by name.
  const asked = new Set(readFileSync(provider, 'latin1').match(/\bcudnn[A-Z]\w+(?=\0)/g) ?? []);
  buildLibrary(folder, cudnn, [...asked], written, false);
}

/** Undefined symbols by the library whose version they carry: "cudaMalloc@libcudart.so.13". */
function versionedSymbols(file: string): Map<string, string[]> {
  const listing = execFileSync('nm', ['-D', '--undefined-only', file], { encoding: 'utf8', maxBuffer: 1e8 });
  const found = new Map<string, string[]>();
  for (const [, name, library] of listing.matchAll(/ U (\w+)@(lib\S+)/g)) {
    found.set(library!, [...(found.get(library!) ?? []), name!]);
  }
  return found;
}

function buildLibrary(
  folder: string,
  library: string,
  names: readonly string[],
  written: ReadonlySet<string>,
  isVersioned: boolean,
): void {
  const code = path.join(folder, `${library}.c`);
  const others = names.filter((name) => !written.has(name)).map((name) => `long ${name}(void) { return 0; }`);
  writeFileSync(code, [`#include "${source}"`, ...others, ''].join('\n'));
  const script = path.join(folder, `${library}.map`);
  const exported = names.length === 0 ? '' : `global: ${names.map((name) => `${name};`).join(' ')}`;
  writeFileSync(script, `${library} { ${exported} local: *; };\n`);
  const versions = isVersioned ? [`-Wl,--version-script=${script}`] : [];
  const target = path.join(folder, library);
  const options = ['-w', '-shared', '-fPIC', '-O1', `-Wl,-soname,${library}`, ...versions];
  execFileSync(process.env['CC'] ?? 'cc', [...options, '-o', target, code], { stdio: 'inherit' });
}
