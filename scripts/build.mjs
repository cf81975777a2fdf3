// Bundles the product into dist/: extension, worker, shim, command line with the trainer, reader thread, and one script per panel.
// Options: --production (minified, no source maps), --watch, --out DIR, and names of bundles to build only those.
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { context } from 'esbuild';
import { bundles } from './build/bundles.mjs';
import { checkInputs } from './build/inputs.mjs';
import { licenseTexts } from './build/licenses.mjs';
import { bundleOptions } from './build/options.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    production: { type: 'boolean', default: false },
    watch: { type: 'boolean', default: false },
    out: { type: 'string', default: 'dist' },
  },
});

const wanted = bundles().filter((bundle) => positionals.length === 0 || positionals.includes(bundle.name));
if (wanted.length === 0) fail(`No bundle is called ${positionals.join(', ')}.`);
const missing = wanted.filter((bundle) => bundle.entry === undefined);
if (missing.length > 0) {
  fail(
    missing
      .map((bundle) => `Bundle ${bundle.name} has no source: none of ${bundle.candidates.join(', ')} exists.`)
      .join('\n'),
  );
}

if (positionals.length === 0 && !values.watch) rmSync(values.out, { recursive: true, force: true });
mkdirSync(values.out, { recursive: true });

let failed = false;
/** @type {string[]} */
const inputs = [];
for (const bundle of wanted) {
  const outfile = path.join(values.out, bundle.output);
  const builder = await context(bundleOptions(bundle, { outfile, production: values.production }));
  if (values.watch) {
    await builder.watch();
    console.log(`watching ${bundle.name} → ${outfile}`);
    continue;
  }
  failed = !(await build(bundle, builder, outfile)) || failed;
  await builder.dispose();
}
if (values.production) writeFileSync(path.join(values.out, 'THIRD_PARTY_LICENSES.txt'), licenseTexts(inputs));
if (failed) process.exitCode = 1;

/**
 * Builds once, checks what went in, and prints the size. False when the bundle breaks a layer promise.
 * @param {import('./build/bundles.mjs').Bundle} bundle
 * @param {import('esbuild').BuildContext} builder
 * @param {string} outfile
 */
async function build(bundle, builder, outfile) {
  const start = performance.now();
  // esbuild has said what is wrong when it rejects.
  const metafile = await builder.rebuild().then(
    (result) => result.metafile,
    () => undefined,
  );
  if (metafile === undefined) return false;
  inputs.push(...Object.keys(metafile.inputs));
  const problems = checkInputs(bundle, metafile);
  for (const problem of problems) console.error(problem);
  if (bundle.executable) chmodSync(outfile, 0o755);
  for (const file of (bundle.files ?? []).filter((each) => existsSync(each)))
    copyFileSync(file, path.join(path.dirname(outfile), path.basename(file)));
  const bytes = existsSync(outfile) ? statSync(outfile).size : 0;
  const files = Object.keys(metafile.inputs).length;
  console.log(
    `${outfile.padEnd(28)} ${kilobytes(bytes)}  from ${files} files in ${Math.round(performance.now() - start)} ms`,
  );
  return problems.length === 0 && existsSync(outfile);
}

/** @param {number} bytes */
function kilobytes(bytes) {
  return `${(bytes / 1024).toFixed(0).padStart(6)} kB`;
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}
