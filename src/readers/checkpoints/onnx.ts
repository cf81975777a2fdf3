import path from 'node:path';
import { fail, ok, type Result } from '../../base/result.ts';
import { mostListedTensors } from '../../domain/checkpoint.ts';
import type { BytesFile, FileReason } from './bytesFile.ts';
import type { CheckpointFile } from './contents.ts';
import { type Field, FieldWalker, MalformedModel } from './onnx/fields.ts';
import { type Initializer, readInitializer } from './onnx/initializer.ts';

/**
 * An ONNX model (ModelProto of onnx/onnx.proto): who made it, its operator sets, its inputs and outputs, its nodes by operator, and its initializers by name, type and shape. The weights are passed over unread,
 * whether they lie within or in files beside it.
 */
export async function readOnnx(file: BytesFile): Promise<Result<CheckpointFile, FileReason>> {
  const model = new ModelReader(file);
  try {
    await model.read();
  } catch (error) {
    if (!(error instanceof MalformedModel)) throw error;
    if (!model.hasGraph) return fail('bad-file', `${file.path} is no ONNX model: ${error.message}`);
    model.notes.push(`Only a part of the model could be read: ${error.message} It is still being written, or was cut.`);
  }
  if (!model.hasGraph) return fail('bad-file', `${file.path} is no ONNX model: it has no graph.`);
  return ok(model.result());
}

/** Nodes are counted by their operator; a model with more operators than this is none. */
const mostOperators = 5000;

class ModelReader {
  readonly notes: string[] = [];
  hasGraph = false;
  readonly #file: BytesFile;
  readonly #walker: FieldWalker;
  readonly #about = new Map<string, string>();
  readonly #versions = new Map<string, string>();
  readonly #initializers: Initializer[] = [];
  readonly #operators = new Map<string, number>();
  readonly #external = new Set<string>();
  readonly #ends = { inputs: [] as string[], outputs: [] as string[] };
  #producer = { name: '', version: '' };
  #tensorCount = 0;
  #elements = 0;

  constructor(file: BytesFile) {
    this.#file = file;
    this.#walker = new FieldWalker(file);
  }

  async read(): Promise<void> {
    await this.#walker.each(0, this.#file.size, (field) => this.#modelFields[field.number]?.(field));
  }

  result(): CheckpointFile {
    const { name, version } = this.#producer;
    if (name !== '') this.#versions.set(name, version);
    const nodes = [...this.#operators.values()].reduce((sum, count) => sum + count, 0);
    const listed = [...this.#operators].sort(([, a], [, b]) => b - a).slice(0, 20);
    const about = {
      ...Object.fromEntries(this.#about),
      inputs: this.#ends.inputs.join(', '),
      outputs: this.#ends.outputs.join(', '),
      nodes: `${nodes} (${listed.map(([type, count]) => `${count} ${type}`).join(', ')})`,
    };
    const sections = [{ name: 'model', tensors: this.#tensorCount, elements: this.#elements }];
    const contents = {
      metrics: {},
      parameters: this.#elements,
      sections,
      tensors: this.#initializers.map(({ name: tensor, dtype, shape }) => ({ name: tensor, dtype, shape })),
      tensorCount: this.#tensorCount,
      versions: Object.fromEntries(this.#versions),
      about,
      notes: this.notes,
    };
    return { kind: 'onnx', contents, files: [this.#file.path, ...this.#externalFiles()] };
  }

  /** Names of files are kept within the model's folder. */
  #externalFiles(): readonly string[] {
    const folder = path.dirname(this.#file.path);
    const inside: string[] = [];
    for (const name of this.#external) {
      const file = path.resolve(folder, name);
      if (file.startsWith(folder + path.sep)) inside.push(file);
      else
        this.notes.push(
          `Weights are said to lie in ${name.slice(0, 200)}, outside the model's folder. That file is not looked at.`,
        );
    }
    return inside;
  }

  /** Fields of ModelProto. */
  readonly #modelFields: { readonly [number: number]: (field: Field) => void | Promise<void> } = {
    1: ({ value }) => void this.#versions.set('ONNX IR', String(value)),
    2: async (field) => {
      this.#producer.name = await this.#walker.text(field, 200);
    },
    3: async (field) => {
      this.#producer.version = await this.#walker.text(field, 200);
    },
    7: (field) => this.#readGraph(field),
    8: (field) => this.#readOperatorSet(field),
    14: (field) => this.#readProperty(field),
  };

  async #readGraph({ start, end }: Field): Promise<void> {
    this.hasGraph = true;
    await this.#walker.each(start, end, (field) => this.#graphFields[field.number]?.(field));
  }

  /** Fields of GraphProto. */
  readonly #graphFields: { readonly [number: number]: (field: Field) => void | Promise<void> } = {
    1: (field) => this.#countNode(field),
    2: async (field) => void this.#about.set('graph', await this.#walker.text(field, 200)),
    5: async (field) => this.#keep(await readInitializer(this.#walker, field)),
    11: async (field) => void this.#ends.inputs.push(await this.#nameOf(field)),
    12: async (field) => void this.#ends.outputs.push(await this.#nameOf(field)),
  };

  #keep(initializer: Initializer): void {
    this.#tensorCount++;
    this.#elements += initializer.shape.reduce((product, size) => product * size, 1);
    if (initializer.externalFile !== undefined && this.#external.size < 1000)
      this.#external.add(initializer.externalFile);
    if (this.#initializers.length < mostListedTensors) this.#initializers.push(initializer);
  }

  /** NodeProto: field 4 is the operator. */
  async #countNode({ start, end }: Field): Promise<void> {
    let type = '';
    await this.#walker.each(start, end, async (field) => {
      if (field.number === 4) type = await this.#walker.text(field, 100);
    });
    if (this.#operators.size < mostOperators || this.#operators.has(type))
      this.#operators.set(type, (this.#operators.get(type) ?? 0) + 1);
  }

  /** ValueInfoProto: field 1 is the name. */
  async #nameOf({ start, end }: Field): Promise<string> {
    let name = '';
    await this.#walker.each(start, end, async (field) => {
      if (field.number === 1) name = await this.#walker.text(field, 200);
    });
    return name;
  }

  /** OperatorSetIdProto: domain (1), version (2). */
  async #readOperatorSet({ start, end }: Field): Promise<void> {
    let domain = 'ai.onnx';
    let version = 0;
    await this.#walker.each(start, end, async (field) => {
      if (field.number === 1 && field.end > field.start) domain = await this.#walker.text(field, 200);
      else if (field.number === 2) version = field.value;
    });
    this.#versions.set(`operator set ${domain}`, String(version));
  }

  /** StringStringEntryProto of metadata_props. */
  async #readProperty({ start, end }: Field): Promise<void> {
    let key = '';
    let value = '';
    await this.#walker.each(start, end, async (field) => {
      if (field.number === 1) key = await this.#walker.text(field, 200);
      else if (field.number === 2) value = await this.#walker.text(field, 500);
    });
    if (key !== '' && this.#about.size < 200) this.#about.set(key, value);
  }
}
