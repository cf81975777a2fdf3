// Lays out what a VSIX holds: the built product, its static files, and the native runtime of one platform. Nothing else.
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const STATIC = ['media', 'resources', 'README.md', 'CHANGELOG.md', 'LICENSE'];

/**
 * Fills a folder, whose dist/ is built already, with the rest of the package. Gives the manifest's version.
 * @param {string} stage
 * @returns {{ version: string }}
 */
export function stagePackage(stage) {
  const missing = STATIC.filter((name) => !existsSync(name));
  if (missing.length > 0)
    throw new Error(`The package needs ${missing.join(', ')}, which the repository does not have.`);
  for (const name of STATIC) cpSync(name, path.join(stage, name), { recursive: true });
  stageRuntime(path.join(stage, 'dist', 'node_modules'));
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
  // Dependencies are bundled or staged; scripts mean nothing outside the repository.
  for (const key of ['scripts', 'dependencies', 'devDependencies', 'private', 'bin']) delete manifest[key];
  writeFileSync(path.join(stage, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  return manifest;
}

/**
 * ONNX Runtime beside the bundles, where their `require` looks first: its JavaScript, and the binaries of this platform.
 * @param {string} modules
 */
function stageRuntime(modules) {
  const binaries = `bin/napi-v6/${process.platform}/${process.arch}`;
  const parts = {
    'onnxruntime-node': ['package.json', 'dist', binaries],
    'onnxruntime-common': ['package.json', 'dist/cjs'],
  };
  for (const [name, files] of Object.entries(parts)) {
    for (const file of files) {
      const source = path.join('node_modules', name, file);
      if (!existsSync(source)) throw new Error(`${source} is missing, so the package would not run on this platform.`);
      mkdirSync(path.dirname(path.join(modules, name, file)), { recursive: true });
      cpSync(source, path.join(modules, name, file), {
        recursive: true,
        filter: (from) => !/\.(map|d\.ts)$/.test(from),
      });
    }
  }
}

/**
 * The biggest files below a folder.
 * @param {string} folder
 * @param {number} count
 * @returns {{ name: string, bytes: number }[]}
 */
export function biggest(folder, count) {
  return globSync('**/*', { cwd: folder })
    .map((name) => ({ name, stat: statSync(path.join(folder, name)) }))
    .filter(({ stat }) => stat.isFile())
    .map(({ name, stat }) => ({ name, bytes: stat.size }))
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, count);
}
