// Holds src and webview to the table of who may import what. A check that sees no modules would be green for nothing,
// so the number of modules seen is compared with the number of files on disk.
import { globSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cruise } from 'dependency-cruiser';

const { forbidden, options } = createRequire(import.meta.url)('../.dependency-cruiser.cjs');
const roots = ['src', 'webview'];

const { output } = await cruise(roots, { ...options, validate: true, ruleSet: { forbidden } });
if (typeof output === 'string') throw new Error('dependency-cruiser gave text instead of a result.');

const { violations } = output.summary;
for (const { from, to, rule } of violations) console.error(`${rule.name}: ${from} → ${to}`);

const seen = new Set(output.modules.map((module) => module.source).filter((file) => /^(src|webview)\//.test(file)));
const files = roots.flatMap((root) => globSync(`${root}/**/*.{ts,mts,cts}`)).map((file) => file.replaceAll('\\', '/'));
const unseen = files.filter((file) => !seen.has(file));
for (const file of unseen) console.error(`not looked at: ${file}`);

const folders = new Set(
  files
    .map((file) => file.split('/'))
    .flatMap(([root, folder, file]) => (root === 'src' && file !== undefined ? [folder] : [])),
);
const known = new Set(forbidden.map((/** @type {{ name: string }} */ rule) => rule.name));
const unruled = [...folders].filter((folder) => !known.has(`layer-${folder}`));
for (const folder of unruled) console.error(`src/${folder} has no line in .dependency-cruiser.cjs`);

console.log(
  `${files.length} modules, ${output.summary.totalDependenciesCruised} imports, ${violations.length} violations`,
);
if (violations.length > 0 || unseen.length > 0 || unruled.length > 0 || files.length === 0) process.exitCode = 1;
