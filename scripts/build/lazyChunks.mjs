// Bundles that load parts of themselves later. esbuild splits ES modules only, and VS Code loads an extension fastest as CommonJS, so the
// chunks are split as ES modules first and then written as CommonJS.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { transform } from 'esbuild';

/** The one name under which a chunk's files share the `vscode` module; see `shareVscode`. */
const SHARED_NAME = '__vscode';
const VSCODE_IMPORT = /^import \* as vscode from 'vscode';$/m;

/**
 * Every file that says `import * as vscode` would get a copy of that module's 200 names, which is half of the time that the start takes.
 * The files of a chunk share one `require` instead.
 * @returns {import('esbuild').Plugin}
 */
export function shareVscode() {
  return {
    name: 'share-vscode',
    setup(build) {
      build.onLoad({ filter: /[\\/]src[\\/]extension[\\/].*\.ts$/ }, async ({ path: file }) => {
        const source = await readFile(file, 'utf8');
        return { contents: source.replace(VSCODE_IMPORT, `const vscode = ${SHARED_NAME};`), loader: 'ts' };
      });
    },
  };
}

/**
 * Writes the chunks of an ES module build as CommonJS: the entry at `outfile`, the others into `folder`, which holds nothing else.
 * @param {{ outdir: string, folder: string, production: boolean, metaBanner: string }} target
 * @returns {import('esbuild').Plugin}
 */
export function writeAsCommonJs({ outdir, folder, production, metaBanner }) {
  return {
    name: 'write-as-common-js',
    setup(build) {
      build.onEnd(async ({ outputFiles, errors, metafile }) => {
        if (errors.length > 0 || outputFiles === undefined) return undefined;
        const unnamed = importsWithoutNames(metafile);
        if (unnamed.length > 0) return { errors: unnamed.map((text) => ({ text })) };
        const chunks = await Promise.all(
          outputFiles.map(async ({ path: file, text }) => ({ file, ...(await asCommonJs(text)) })),
        );
        rmSync(path.join(outdir, folder), { recursive: true, force: true });
        for (const { file, code, map } of chunks) write(file, code, map);
        return undefined;
      });
    },
  };

  /** @param {string} module */
  async function asCommonJs(module) {
    const { code, map } = await transform(module, {
      format: 'cjs',
      platform: 'node',
      target: 'node22',
      minify: production,
      sourcemap: production ? false : 'external',
      legalComments: 'none',
      // `import()` of a chunk becomes `require`, which needs no second loader.
      supported: { 'dynamic-import': false },
      logLevel: 'warning',
    });
    return { code: `${banner(code)}${code}`, map };
  }

  /** What the chunk asks for, on one line that keeps the source map's columns right but for the first line. @param {string} code */
  function banner(code) {
    const lines = [
      ...(code.includes(SHARED_NAME) ? [`const ${SHARED_NAME} = require('vscode');`] : []),
      ...(code.includes('__meta') ? [metaBanner] : []),
    ];
    return lines.join(' ');
  }

  /** @param {string} file @param {string} code @param {string} map */
  function write(file, code, map) {
    mkdirSync(path.dirname(file), { recursive: true });
    if (production) {
      writeFileSync(file, code);
      return;
    }
    writeFileSync(file, `${code}//# sourceMappingURL=${path.basename(file)}.map\n`);
    writeFileSync(`${file}.map`, map);
  }
}

/**
 * Sentences about `import()` of CommonJS modules: as a chunk of its own such a module has only a default export, whatever names its types promise.
 * @param {import('esbuild').Metafile | undefined} metafile
 */
function importsWithoutNames(metafile) {
  return Object.entries(metafile?.inputs ?? {}).flatMap(([file, { imports }]) =>
    imports
      .filter(({ kind, path: target }) => kind === 'dynamic-import' && metafile?.inputs[target]?.format === 'cjs')
      .map(
        ({ original }) =>
          `${file} loads ${original} later, which is CommonJS: load a file of our own that imports it by name.`,
      ),
  );
}
