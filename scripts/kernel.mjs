// Compiles the kernel of the text readers (AssemblyScript) into a module that holds its bytes, which is committed beside its source: a checkout runs and
// is bundled without a compiler. With --check nothing is written, and an answer other than 0 says that source and bytes do not belong together.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import asc from 'assemblyscript/asc';

const root = path.join(import.meta.dirname, '..');
const source = 'src/readers/text/assembly/index.ts';
const target = path.join(root, 'src/readers/text/kernelBytes.ts');

const text = moduleOf(await compile());
if (!process.argv.includes('--check')) {
  writeFileSync(target, text);
  console.log(`${path.relative(root, target)}: ${text.length} characters`);
} else if (text === readFileSync(target, 'utf8')) {
  console.log('The bytes of the kernel are those of its source.');
} else {
  console.error(
    'src/readers/text/kernelBytes.ts is not what its source gives. Run "npm run kernel" and commit what it writes.',
  );
  process.exitCode = 1;
}

/** @returns {Promise<Uint8Array>} */
async function compile() {
  /** @type {Uint8Array | undefined} */
  let bytes;
  const { error, stderr } = await asc.main(
    [
      source,
      '--outFile',
      'kernel.wasm',
      '-O3',
      '--converge',
      '--noAssert',
      '--runtime',
      'stub',
      '--use',
      'abort=',
      '--initialMemory',
      '1',
    ],
    {
      readFile: (name, base) => readText(path.resolve(root, base, name)),
      writeFile: (_name, content) => {
        bytes = /** @type {Uint8Array} */ (content);
      },
      listFiles: () => [],
    },
  );
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

/** @param {Uint8Array} bytes */
function moduleOf(bytes) {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,140}/g) ?? [];
  return `// Written by "npm run kernel" from assembly/: the WebAssembly program of the text readers.\n\n/** In base64. */\nexport const kernelBytes: string = \`\n${lines.join('\n')}\n\`;\n`;
}
