// The table of bundles: what is built from what, and what must not be inside.
import { existsSync, globSync } from 'node:fs';
import path from 'node:path';

/**
 * @typedef {object} Bundle
 * @property {string} name
 * @property {readonly string[]} candidates source files that may be the entry; the first that exists is
 * @property {string | undefined} entry
 * @property {string} output file name below dist/
 * @property {'node' | 'browser'} platform
 * @property {readonly string[]} external modules that stay outside
 * @property {readonly string[]} forbids parts of paths or module names that the bundle must not contain or ask for
 * @property {boolean} executable
 * @property {readonly string[]} [files] copied as they are, beside the bundle
 * @property {string} [chunks] folder below dist/ for the parts that `import()` loads later; absent: everything is in one file
 */

const NATIVE = ['onnxruntime-node'];
const OPTIONAL = ['@photostructure/sqlite'];
const WEB_ONLY = ['node_modules/chart.js/', 'node_modules/lit/', 'node_modules/@vscode/webview-ui-toolkit/'];
/** It is loaded as it is, by trainers and their threads. */
const JPEG_DECODER = 'node_modules/@cwasm/jpeg-turbo/jpeg-turbo.wasm';
const ENGINE = ['onnxruntime-node', 'src/trainer/', 'src/recipes/', 'src/graph/', 'src/nn/'];

/**
 * All bundles of the product, panels found by `webview/<panel>/main.ts`.
 * @returns {Bundle[]}
 */
export function bundles() {
  return [
    node('extension', ['src/extension/extension.ts', 'src/extension/main.ts'], 'extension.cjs', {
      external: ['vscode'],
      chunks: 'extension',
      forbids: [...ENGINE, ...WEB_ONLY, 'src/store/', 'src/readers/', 'src/worker/', 'src/scheduler/', 'node:sqlite'],
    }),
    node('worker', ['src/worker/main.ts', 'src/worker/worker.ts'], 'worker.cjs', {
      forbids: ['vscode', 'onnxruntime-node', ...WEB_ONLY],
      files: ['src/launch/ssh/agent.py'],
    }),
    node('askpass', ['src/launch/ssh/askpassMain.ts'], 'askpass.cjs', {
      forbids: ['vscode', ...ENGINE, ...WEB_ONLY, 'node:sqlite'],
    }),
    node('shim', ['src/launch/local/shimMain.ts', 'src/launch/local/shim.ts', 'src/launch/shim/main.ts'], 'shim.cjs', {
      forbids: ['vscode', ...ENGINE, ...WEB_ONLY, 'node:sqlite'],
    }),
    node('modal', ['src/launch/modal/runnerMain.ts'], 'modal.cjs', {
      files: ['src/launch/modal/sandboxAgent.py'],
      external: ['cbor-extract'],
      forbids: ['vscode', ...ENGINE, ...WEB_ONLY, 'node:sqlite'],
    }),
    node('cli', ['src/cli/main.ts', 'src/cli/cli.ts'], 'trainyard.cjs', {
      forbids: ['vscode', ...WEB_ONLY],
      files: [JPEG_DECODER],
      executable: true,
    }),
    ...optionalThreads(),
    ...panels(),
  ];
}

/** Worker threads are files of their own beside the bundle that starts them. */
function optionalThreads() {
  return ['src/worker/readerThread.ts', 'src/trainer/data/loader/loaderThread.ts']
    .filter((file) => existsSync(file))
    .map((file) => {
      const name = path.basename(file, '.ts');
      return node(name, [file], `${name}.cjs`, { forbids: ['vscode', 'onnxruntime-node', ...WEB_ONLY] });
    });
}

/** @returns {Bundle[]} */
function panels() {
  return globSync('webview/*/main.ts')
    .map((file) => file.replaceAll('\\', '/'))
    .sort()
    .map((file) => {
      const name = file.split('/')[1] ?? file;
      return {
        name: `webview-${name}`,
        candidates: [file],
        entry: file,
        output: `webview/${name}.js`,
        platform: 'browser',
        external: [],
        forbids: ['node:', 'vscode', 'onnxruntime-node', 'src/extension/', 'src/worker/'],
        executable: false,
      };
    });
}

/**
 * @param {string} name
 * @param {readonly string[]} candidates
 * @param {string} output
 * @param {{ external?: readonly string[], forbids?: readonly string[], executable?: boolean, chunks?: string, files?: readonly string[] }} rest
 * @returns {Bundle}
 */
function node(name, candidates, output, { external = [], forbids = [], executable = false, chunks, files }) {
  const entry = candidates.find((file) => existsSync(file));
  return {
    name,
    candidates,
    entry,
    output,
    platform: 'node',
    external: [...external, ...NATIVE, ...OPTIONAL],
    forbids,
    executable,
    ...(chunks === undefined ? {} : { chunks }),
    ...(files === undefined ? {} : { files }),
  };
}
