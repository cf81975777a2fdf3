// The licences of the packages inside the bundles, which their authors ask to be handed on.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const PACKAGE = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
// Shipped beside the bundles, since they are native or WebAssembly.
const SHIPPED = ['node_modules/onnxruntime-node', 'node_modules/onnxruntime-common', 'node_modules/@cwasm/jpeg-turbo'];

/**
 * One text with name, version, licence and, where its package has the file, the licence's text of every package used.
 * @param {readonly string[]} inputs files that went into the bundles
 * @returns {string}
 */
export function licenseTexts(inputs) {
  const folders = new Set(SHIPPED);
  for (const input of inputs) {
    const folder = PACKAGE.exec(input)?.[1];
    if (folder !== undefined) folders.add(folder);
  }
  return [...folders]
    .sort()
    .map(licenseOf)
    .join(`\n\n${'-'.repeat(80)}\n\n`);
}

/** @param {string} folder */
function licenseOf(folder) {
  const { name, version, license, repository } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const source = typeof repository === 'string' ? repository : (repository?.url ?? '');
  const heading = `${name} ${version} (${license ?? 'licence not stated'}) ${source}`.trim();
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.|$)/i.test(entry));
  if (file === undefined || !existsSync(path.join(folder, file))) return heading;
  return `${heading}\n\n${readFileSync(path.join(folder, file), 'utf8').trim()}`;
}
