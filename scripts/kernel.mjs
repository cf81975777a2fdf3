// Compiles our programs in AssemblyScript into modules that hold their bytes, which are committed beside their sources: a checkout runs and is bundled
// without a compiler. With --check nothing is written, and an answer other than 0 says that source and bytes do not belong together.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import asc from 'assemblyscript/asc';

const root = path.join(import.meta.dirname, '..');

/** @typedef {{ source: string, target: string, constant: string, title: string, options: string[] }} Program */

/** @type {readonly Program[]} */
const programs = [
  {
    source: 'src/readers/text/assembly/index.ts',
    target: 'src/readers/text/kernelBytes.ts',
    constant: 'kernelBytes',
    title: 'the WebAssembly program of the text readers',
    options: ['--initialMemory', '1'],
  },
  {
    source: 'src/trainer/engine/assembly/index.ts',
    target: 'src/trainer/engine/updateBytes.ts',
    constant: 'updateBytes',
    title: 'the WebAssembly program of the optimizers',
    options: ['--enable', 'simd', '--importMemory'],
  },
];

for (const program of programs) {
  const { source, target } = program;
  const file = path.join(root, target);
  const text = moduleOf(program, await compile(program));
  if (!process.argv.includes('--check')) {
    writeFileSync(file, text);
    console.log(`${target}: ${text.length} characters`);
  } else if (text === readFileSync(file, 'utf8')) {
    console.log(`The bytes of ${source} are those of its source.`);
  } else {
    console.error(`${target} is not what its source gives. Run "npm run kernel" and commit what it writes.`);
    process.exitCode = 1;
  }
}

/** @param {Program} program @returns {Promise<Uint8Array>} */
async function compile({ source, options }) {
  /** @type {Uint8Array | undefined} */
  let bytes;
  const always = ['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--use', 'abort='];
  const { error, stderr } = await asc.main([source, '--outFile', 'kernel.wasm', ...always, ...options], {
    readFile: (name, base) => readText(path.resolve(root, base, name)),
    writeFile: (_name, content) => {
      bytes = /** @type {Uint8Array} */ (content);
    },
    listFiles: () => [],
  });
  if (error !== null) throw new Error(`${error.message}\n${stderr.toString()}`);
  if (bytes === undefined) throw new Error('The compiler wrote nothing.');
  return bytes;
}

/** Modules are named with their extension, as everywhere here; the compiler adds one to every name by itself. @param {string} file */
function readText(file) {
  try {
    return readFileSync(file, 'utf8').replaceAll(/(from '\.\/\w+)\.ts'/g, "$1'");
  } catch {
    return null;
  }
}

/** @param {Program} program @param {Uint8Array} bytes */
function moduleOf({ constant, title }, bytes) {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,140}/g) ?? [];
  return `// Written by "npm run kernel" from assembly/: ${title}.\n\n/** In base64. */\nexport const ${constant}: string = \`\n${lines.join('\n')}\n\`;\n`;
}
