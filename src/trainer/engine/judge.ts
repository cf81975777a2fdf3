import { readFileSync } from 'node:fs';
import type { Disposable } from '../../base/disposables.ts';
import { AppError } from '../../base/errors.ts';
import type { SampleJudge } from '../../recipes/recipe.ts';
import type { Samples } from '../samples/imageSampler.ts';
import { ModelSession } from './session.ts';

/** A trained classifier that looks at samples. It runs on the CPU: it is small, and its figures are then the same everywhere. */
export class Judge implements Disposable {
  readonly #session: ModelSession;
  readonly #judge: SampleJudge;
  readonly #shape: readonly number[];

  private constructor(session: ModelSession, judge: SampleJudge, shape: readonly number[]) {
    this.#session = session;
    this.#judge = judge;
    this.#shape = shape;
  }

  /** Loads the judge's model. Throws AppError 'bad-file' where it is none. */
  static async create(judge: SampleJudge, threads: number): Promise<Judge> {
    const bytes = readModel(judge.model);
    const session = await loadModel(judge.model, bytes, threads);
    const shape = session.inputShape('images');
    const [batch, ...size] = shape ?? [];
    if (
      batch !== undefined &&
      size.length === 3 &&
      size.every((each) => each > 0) &&
      session.outputNames.includes('logits')
    ) {
      return new Judge(session, judge, [batch > 0 ? batch : freeBatch, ...size]);
    }
    session.dispose();
    throw badJudge(judge.model, 'it has no input "images" [n, height, width, channels] and output "logits".');
  }

  /** The metrics of the samples by tag. Throws AppError 'bad-config' where the judge learned on images of another size. */
  async measure(samples: Samples, pause: () => Promise<void>): Promise<Readonly<Record<string, number>>> {
    const [batch, ...size] = this.#shape as [number, number, number, number];
    const own = [samples.height, samples.width, samples.channels];
    if (size.join() !== own.join()) {
      throw new AppError(
        'bad-config',
        `The judge looks at images of ${size.join('×')}, the samples are ${own.join('×')}.`,
        {
          hint: 'Choose a judge that was trained on the same data set.',
        },
      );
    }
    const perImage = own.reduce((product, each) => product * each, 1);
    const logits: Float32Array[] = [];
    for (let start = 0; start < samples.count; start += batch) {
      await pause();
      const images = new Uint8Array(batch * perImage);
      images.set(samples.images.subarray(start * perImage, (start + batch) * perImage));
      const outputs = await this.#session.run({ images: { data: images, shape: this.#shape } });
      logits.push(outputs['logits'] as Float32Array);
    }
    const classes = logits[0]!.length / batch;
    const all = new Float32Array(logits.length * batch * classes);
    for (const [i, each] of logits.entries()) all.set(each, i * batch * classes);
    return this.#judge.measure(all.subarray(0, samples.count * classes), samples.labels, classes);
  }

  dispose(): void {
    this.#session.dispose();
  }
}

/** Images in one graph run where the model takes any number. */
const freeBatch = 100;

function readModel(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    const why =
      (error as { code?: unknown }).code === 'ENOENT' ? 'there is no such file.' : `it cannot be read: ${error}`;
    throw badJudge(file, why);
  }
}

async function loadModel(file: string, bytes: Uint8Array, threads: number): Promise<ModelSession> {
  try {
    return await ModelSession.create(bytes, { device: 'cpu', threads });
  } catch (error) {
    throw badJudge(file, `it is no ONNX model that can be loaded: ${error instanceof Error ? error.message : error}`);
  }
}

function badJudge(file: string, why: string): AppError {
  return new AppError('bad-file', `The judge ${file} cannot be used: ${why}`, {
    hint: 'Set judge to the model.onnx of a finished run of the classifier recipe, or leave it empty.',
  });
}
