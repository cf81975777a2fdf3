import { inCommonOperators } from './commonOperators.ts';
import { withFewTensors } from './fewTensors.ts';
import type { OnnxGraph } from './model.ts';
import { withNarrowIntegers } from './narrowIntegers.ts';

/** What a device has no kernels for. */
export interface DeviceForm {
  /** How many tensors one node may touch where the device has a limit; see `withFewTensors`. */
  readonly mostTensorsPerNode?: number;
  /** The device has kernels for whole numbers of 32 bits only; see `withNarrowIntegers`. */
  readonly narrowIntegers?: boolean;
  /** The device has no kernels for LogSoftmax and Or; see `inCommonOperators`. */
  readonly commonOperators?: boolean;
}

/** The same graph in operations that the device has. */
export function inDeviceForm(graph: OnnxGraph, form: DeviceForm): OnnxGraph {
  const { mostTensorsPerNode, narrowIntegers = false, commonOperators = false } = form;
  const plain = commonOperators ? inCommonOperators(graph) : graph;
  const narrow = narrowIntegers ? withNarrowIntegers(plain) : plain;
  return mostTensorsPerNode === undefined ? narrow : withFewTensors(narrow, mostTensorsPerNode);
}
