// Writes docs/ops.md: every operation of the graph, its derivatives and where it is computed. `--check` only says whether the page is true.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { importedOperators } from '../../src/graph/index.ts';
import { kernels } from '../../src/graph/kernels.ts';
import { onnxTypes } from '../../src/graph/ops/onnxTypes.ts';
import { opTable } from '../../src/graph/ops/table.ts';

const page = path.resolve(import.meta.dirname, '../../docs/ops.md');

/** The page as it must be. */
export function opsPage() {
  const names = /** @type {(keyof typeof opTable)[]} */ (Object.keys(opTable).sort());
  const rows = names.map(row);
  return `# Operations

Every operation that a graph can be made of. This page is written by \`npm run page:ops\` out of the tables in \`src/graph\`; a test fails when it is not true.

**vjp** is the rule for reverse mode (gradients), **jvp** the one for forward mode (tangents); both are written with operations of this table, so they can be
differentiated again. *zero*: the derivative is zero wherever there is one; *none*: the body of a scan is differentiated instead. CPU has every operation in float32; bf16 exists on CUDA only. *parts* means that
models for the device have other operations in its place, which have kernels: of \`Slice\` for whole numbers alone. Whole numbers are int32 on WebGPU; products of them that may need 64 bits, the random numbers of a step, are made on the CPU, and
so are the loop over the parts of a batch (\`Scan\`) and a \`MaxPool\` whose gradient is taken, since WebGPU's does not tell where the largest numbers were.

| operation | ONNX | vjp | jvp | CPU | CUDA fp32 | fp16 | bf16 | WebGPU |
|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}

Embeddings are \`Gather\`, whose gradient is \`ScatterAdd\`: on CUDA its sums come in any order, so runs are not repeatable bit by bit, unless \`deterministic=true\` makes products
with one-hot rows of them. Such a product (\`oneHot\`) is also what class embeddings and losses over few classes use. On the CPU a long \`ScatterAdd\` is written as a chain of short ones,
since ONNX Runtime adds the rows of a long one in parallel without a lock.

With \`precision=bf16\` or \`fp16\` only \`MatMul\` and \`Conv\` (with fp16 also \`ConvTranspose\`) and what moves their numbers compute in 16 bits; all other operations stay float32.
ONNX has convolutions of bfloat16 from operator set 22 on alone, so a step with them is a model of that set; beside a \`MaxPool\` of overlapping windows, which has no CUDA kernel there,
convolutions take factors that were rounded to bfloat16 in float32 (TF32 on tensor cores, which holds every bfloat16).

## Operators of imported models

A model from a file (operator sets 11 to 21) may use: ${importedOperators.map((name) => `\`${name}\``).join(', ')}.
`;
}

/** @param {keyof typeof opTable} name */
function row(name) {
  const { vjp, jvp } = opTable[name];
  const type = onnxTypes[name];
  /** @type {import('../../src/graph/kernels.ts').Kernels | undefined} */
  const support = type === null ? undefined : kernels[type];
  const places =
    support === undefined
      ? ['no trace', '', '', '', '']
      : ['yes', support.cuda.float32, support.cuda.float16, support.cuda.bfloat16, support.webgpu];
  return `| ${name} | ${type ?? ''} | ${rule(vjp)} | ${rule(jvp)} | ${places.join(' | ')} |`;
}

/** @param {unknown} given */
function rule(given) {
  return typeof given === 'function' ? 'yes' : given;
}

if (process.argv[1] === import.meta.filename) {
  if (process.argv.includes('--check')) process.exitCode = readFileSync(page, 'utf8') === opsPage() ? 0 : 1;
  else writeFileSync(page, opsPage());
}
