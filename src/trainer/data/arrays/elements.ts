import { bfloat16Value, float16Value } from '../../../graph/dtype.ts';

/** How numbers lie in files. */
export type ElementType = keyof typeof elements;

interface Element {
  readonly bytes: number;
  readonly read: (view: DataView, offset: number, isLittle: boolean) => number;
}

/** Every type that features and targets may have. 64-bit integers are read as the nearest number. */
export const elements = {
  uint8: { bytes: 1, read: (view, offset) => view.getUint8(offset) },
  int8: { bytes: 1, read: (view, offset) => view.getInt8(offset) },
  bool: { bytes: 1, read: (view, offset) => (view.getUint8(offset) === 0 ? 0 : 1) },
  uint16: { bytes: 2, read: (view, offset, isLittle) => view.getUint16(offset, isLittle) },
  int16: { bytes: 2, read: (view, offset, isLittle) => view.getInt16(offset, isLittle) },
  float16: { bytes: 2, read: (view, offset, isLittle) => float16Value(view.getUint16(offset, isLittle)) },
  bfloat16: { bytes: 2, read: (view, offset, isLittle) => bfloat16Value(view.getUint16(offset, isLittle)) },
  uint32: { bytes: 4, read: (view, offset, isLittle) => view.getUint32(offset, isLittle) },
  int32: { bytes: 4, read: (view, offset, isLittle) => view.getInt32(offset, isLittle) },
  float32: { bytes: 4, read: (view, offset, isLittle) => view.getFloat32(offset, isLittle) },
  uint64: { bytes: 8, read: (view, offset, isLittle) => Number(view.getBigUint64(offset, isLittle)) },
  int64: { bytes: 8, read: (view, offset, isLittle) => Number(view.getBigInt64(offset, isLittle)) },
  float64: { bytes: 8, read: (view, offset, isLittle) => view.getFloat64(offset, isLittle) },
} as const satisfies Readonly<Record<string, Element>>;
