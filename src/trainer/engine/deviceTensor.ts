import type * as ort from 'onnxruntime-node';
import type { Disposable } from '../../base/disposables.ts';

/**
 * A tensor in the memory of a device, as a run of a model left it there; an input for any model on the same device. Its memory is the device's until `dispose`.
 * Its numbers come to the CPU through a model that copies them, never by `getData()`, which ends the process (onnxruntime-node 1.30).
 */
export class DeviceTensor implements Disposable {
  readonly shape: readonly number[];
  readonly #tensor: ort.Tensor;
  #isDisposed = false;

  /** Takes over a tensor whose location is a buffer of the device. */
  constructor(tensor: ort.Tensor) {
    this.#tensor = tensor;
    this.shape = tensor.dims;
    live++;
  }

  /** The tensor to feed. Throws where it was disposed. */
  get tensor(): ort.Tensor {
    if (this.#isDisposed) throw new Error('This tensor of the device was given back already.');
    return this.#tensor;
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    live--;
    this.#tensor.dispose();
  }
}

let live = 0;

/** How many tensors of devices were not given back yet, for tests. */
export function liveDeviceTensors(): number {
  return live;
}

export function disposeTensors(tensors: ReadonlyMap<string, DeviceTensor>): void {
  for (const tensor of tensors.values()) tensor.dispose();
}
