import { globSync } from 'node:fs';
import { build } from 'esbuild';

const OUT = 'dist/test/host';

/** Bundles the runner and every suite for the extension host; gives the absolute path of the runner without its extension. */
export async function bundleHostTests(): Promise<{ readonly runner: string; readonly suites: readonly string[] }> {
  const suites = globSync('test/host/suite/**/*.test.ts').sort();
  await build({
    entryPoints: ['test/host/runner.ts', ...suites],
    outdir: OUT,
    outbase: 'test/host',
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    sourcemap: 'inline',
    packages: 'external',
    external: ['vscode'],
    logLevel: 'warning',
  });
  return { runner: `${process.cwd()}/${OUT}/runner.cjs`, suites };
}
