import { withBlockedConvolutions } from './blockedConvolutions.ts';
import { withColumnSums } from './columnSums.ts';
import { inCommonOperators } from './commonOperators.ts';
import { withFewTensors } from './fewTensors.ts';
import { withoutUnusedPlaces } from './maxPoolPlaces.ts';
import type { OnnxGraph } from './model.ts';
import { withNarrowIntegers } from './narrowIntegers.ts';
import { withWrittenTransposes } from './writtenTransposes.ts';

/** What a device has no kernels for, or slow ones. */
export interface DeviceForm {
  /** How many tensors one node may touch where the device has a limit; see `withFewTensors`. */
  readonly mostTensorsPerNode?: number;
  /** The device has kernels for whole numbers of 32 bits only; see `withNarrowIntegers`. */
  readonly narrowIntegers?: boolean;
  /** The device has no kernels for LogSoftmax, Or and the places of MaxPool; see `inCommonOperators`, `withoutUnusedPlaces`. */
  readonly commonOperators?: boolean;
  /** The device computes convolutions faster on channels in blocks; see `withBlockedConvolutions`. */
  readonly blockedConvolutions?: boolean;
  /** The device's products are slow where their left factor is transposed; see `withWrittenTransposes`. */
  readonly writtenTransposes?: boolean;
  /** The device adds rows faster as a product than as a sum; see `withColumnSums`. */
  readonly columnSums?: boolean;
}

/** The same graph in operations that the device has. */
export function inDeviceForm(graph: OnnxGraph, form: DeviceForm): OnnxGraph {
  const { mostTensorsPerNode, narrowIntegers = false, commonOperators = false, writtenTransposes = false } = form;
  const plain = commonOperators ? inCommonOperators(withoutUnusedPlaces(graph)) : graph;
  const written = writtenTransposes ? withWrittenTransposes(plain) : plain;
  const summed = form.columnSums === true ? withColumnSums(written) : written;
  const narrow = narrowIntegers ? withNarrowIntegers(summed) : summed;
  const blocked = form.blockedConvolutions === true ? withBlockedConvolutions(narrow) : narrow;
  return mostTensorsPerNode === undefined ? blocked : withFewTensors(blocked, mostTensorsPerNode);
}
