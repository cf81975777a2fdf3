// Lays out what a VSIX holds: the built product, its static files, and the native runtime of one platform. Nothing else.
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const STATIC = ['media', 'resources', 'README.md', 'CHANGELOG.md', 'LICENSE'];

// Packages that cannot be bundled, since they are native, and the parts of them that a running product needs.
const RUNTIME = {
  'onnxruntime-node': ['dist', `bin/napi-v6/${process.platform}/${process.arch}`],
  'onnxruntime-common': ['dist/cjs'],
};

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
  stageRuntime(path.join(stage, 'node_modules'));
  const manifest = readJson('package.json');
  // All other dependencies are bundled; scripts mean nothing outside the repository.
  for (const key of ['scripts', 'devDependencies', 'private', 'bin']) delete manifest[key];
  manifest.dependencies = pick(manifest.dependencies, Object.keys(RUNTIME));
  writeJson(path.join(stage, 'package.json'), manifest);
  return manifest;
}

/**
 * ONNX Runtime: its JavaScript, and the binaries of this platform. What it needs only to install itself is left out.
 * @param {string} modules
 */
function stageRuntime(modules) {
  for (const [name, files] of Object.entries(RUNTIME)) {
    for (const file of files) {
      const source = path.join('node_modules', name, file);
      if (!existsSync(source)) throw new Error(`${source} is missing, so the package would not run on this platform.`);
      mkdirSync(path.dirname(path.join(modules, name, file)), { recursive: true });
      cpSync(source, path.join(modules, name, file), {
        recursive: true,
        filter: (from) => !/\.(map|d\.ts)$/.test(from),
      });
    }
    const manifest = readJson(path.join('node_modules', name, 'package.json'));
    for (const key of ['scripts', 'devDependencies']) delete manifest[key];
    manifest.dependencies = pick(manifest.dependencies ?? {}, Object.keys(RUNTIME));
    writeJson(path.join(modules, name, 'package.json'), manifest);
  }
}

/** @param {Record<string, string>} versions @param {readonly string[]} names */
function pick(versions, names) {
  return Object.fromEntries(Object.entries(versions).filter(([name]) => names.includes(name)));
}

/** @param {string} file */
function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** @param {string} file @param {unknown} value */
function writeJson(file, value) {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
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
