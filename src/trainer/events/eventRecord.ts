import { crc32c, maskCrc } from '../../base/crc32c.ts';
import { ProtoWriter } from '../../graph/onnx/protoWriter.ts';

/** What an event can say. One record of an event file holds one of these. */
export type EventContent =
  | { readonly kind: 'version' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'scalars'; readonly values: readonly { readonly tag: string; readonly value: number }[] }
  | {
      readonly kind: 'image';
      readonly tag: string;
      readonly png: Uint8Array;
      readonly width: number;
      readonly height: number;
      readonly channels: number;
    }
  | { readonly kind: 'text'; readonly tag: string; readonly text: string };

// Field numbers of tensorflow/core/util/event.proto, framework/summary.proto and framework/tensor.proto.
const event = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const summary = { value: 1 } as const;
const value = { tag: 1, simpleValue: 2, image: 4, tensor: 8, metadata: 9 } as const;
const image = { height: 1, width: 2, colorspace: 3, encoded: 4 } as const;
const metadata = { pluginData: 1, pluginName: 1 } as const;
const tensor = { dtype: 1, shape: 2, dimension: 2, dimensionSize: 1, stringValue: 8 } as const;
const stringType = 7;
const sessionStart = 1;

/**
 * One record of an event file: an Event message in TFRecord framing (length, its masked CRC, message, its masked CRC).
 * Scalars are written as `simple_value`, as PyTorch's SummaryWriter does: every reader takes them, and TensorBoard makes them
 * tensors when it loads them (tensorboard/data_compat.py).
 */
export function encodeEvent(wallTime: number, step: number, content: EventContent): Uint8Array {
  const message = new ProtoWriter();
  message.double(event.wallTime, wallTime);
  if (step !== 0) message.int(event.step, step);
  encodeContent(message, content);
  return frame(message.finish());
}

/** TFRecord framing (tensorflow/core/lib/io/record_writer.h). */
export function frame(payload: Uint8Array): Uint8Array {
  const record = new Uint8Array(payload.byteLength + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(payload.byteLength), true);
  view.setUint32(8, maskCrc(crc32c(record, 0, 8)), true);
  record.set(payload, 12);
  view.setUint32(12 + payload.byteLength, maskCrc(crc32c(payload)), true);
  return record;
}

function encodeContent(message: ProtoWriter, content: EventContent): void {
  const encode = encoders[content.kind] as (message: ProtoWriter, content: EventContent) => void;
  encode(message, content);
}

const encoders: {
  readonly [Kind in EventContent['kind']]: (
    message: ProtoWriter,
    content: Extract<EventContent, { kind: Kind }>,
  ) => void;
} = {
  version: (message) => message.string(event.fileVersion, 'brain.Event:2'),
  restart: (message) => message.message(event.sessionLog, () => message.int(1, sessionStart)),
  scalars: (message, { values }) =>
    message.message(event.summary, () => {
      for (const scalar of values) {
        message.message(summary.value, () => {
          message.string(value.tag, scalar.tag);
          message.float(value.simpleValue, scalar.value);
        });
      }
    }),
  image: (message, { tag, png, width, height, channels }) =>
    message.message(event.summary, () =>
      message.message(summary.value, () => {
        message.string(value.tag, tag);
        message.message(value.image, () => {
          message.int(image.height, height);
          message.int(image.width, width);
          message.int(image.colorspace, channels);
          message.bytes(image.encoded, png);
        });
      }),
    ),
  text: (message, { tag, text }) =>
    message.message(event.summary, () =>
      message.message(summary.value, () => {
        message.string(value.tag, tag);
        message.message(value.metadata, () =>
          message.message(metadata.pluginData, () => message.string(metadata.pluginName, 'text')),
        );
        message.message(value.tensor, () => {
          message.int(tensor.dtype, stringType);
          message.message(tensor.shape, () =>
            message.message(tensor.dimension, () => message.int(tensor.dimensionSize, 1)),
          );
          message.bytes(tensor.stringValue, Buffer.from(text));
        });
      }),
    ),
};
