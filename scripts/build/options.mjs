// How esbuild is asked to make one bundle.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { shareVscode, writeAsCommonJs } from './lazyChunks.mjs';

// CommonJS has no import.meta; sources may use its url, dirname and filename, which then speak of the bundle's own file.
const META_BANNER =
  "const __metaUrl = require('node:url').pathToFileURL(__filename).href, __metaDirname = __dirname, __metaFilename = __filename;";
const META_DEFINE = {
  'import.meta.url': '__metaUrl',
  'import.meta.dirname': '__metaDirname',
  'import.meta.filename': '__metaFilename',
};

/**
 * @param {import('./bundles.mjs').Bundle} bundle
 * @param {{ outfile: string, production: boolean }} target
 * @returns {import('esbuild').BuildOptions}
 */
export function bundleOptions(bundle, { outfile, production }) {
  /** @type {import('esbuild').BuildOptions} */
  const shared = {
    entryPoints: [/** @type {string} */ (bundle.entry)],
    outfile,
    bundle: true,
    metafile: true,
    minify: production,
    sourcemap: production ? false : 'linked',
    legalComments: 'none',
    logLevel: 'warning',
    loader: { '.ttf': 'file', '.svg': 'dataurl' },
    define: { __TRAINYARD_VERSION__: JSON.stringify(version()) },
  };
  if (bundle.platform === 'browser') return browserOptions(shared);
  return bundle.chunks === undefined
    ? nodeOptions(shared, bundle)
    : chunkedOptions(nodeOptions(shared, bundle), bundle.chunks, { outfile, production });
}

/**
 * @param {import('esbuild').BuildOptions} options
 * @param {string} folder
 * @param {{ outfile: string, production: boolean }} target
 * @returns {import('esbuild').BuildOptions}
 */
function chunkedOptions({ outfile: _, banner: __, ...options }, folder, { outfile, production }) {
  const outdir = path.dirname(outfile);
  const [entry] = /** @type {string[]} */ (options.entryPoints);
  return {
    ...options,
    entryPoints: [{ in: /** @type {string} */ (entry), out: path.basename(outfile, '.cjs') }],
    outdir,
    format: 'esm',
    splitting: true,
    chunkNames: `${folder}/[name]-[hash]`,
    outExtension: { '.js': '.cjs' },
    sourcemap: production ? false : 'inline',
    write: false,
    plugins: [shareVscode(), writeAsCommonJs({ outdir, folder, production, metaBanner: META_BANNER })],
  };
}

/** @param {import('esbuild').BuildOptions} shared @param {import('./bundles.mjs').Bundle} bundle @returns {import('esbuild').BuildOptions} */
function nodeOptions(shared, bundle) {
  return {
    ...shared,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    // Class and function names stay readable in error reports and are used as such by libraries.
    keepNames: true,
    external: [...bundle.external],
    // A module that ships both forms is taken as ES module, which esbuild can shake; main stays the last resort.
    mainFields: ['module', 'main'],
    banner: { js: `${bundle.executable ? '#!/usr/bin/env node\n' : ''}${META_BANNER}` },
    define: { ...shared.define, ...META_DEFINE },
  };
}

/** @param {import('esbuild').BuildOptions} shared @returns {import('esbuild').BuildOptions} */
function browserOptions(shared) {
  // VS Code 1.101 carries Chromium 134; no older browser ever sees a panel.
  return {
    ...shared,
    platform: 'browser',
    format: 'iife',
    target: 'chrome134',
    define: { ...shared.define, 'process.env.NODE_ENV': '"production"' },
  };
}

function version() {
  return JSON.parse(readFileSync('package.json', 'utf8')).version;
}
