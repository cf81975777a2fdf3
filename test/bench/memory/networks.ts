// The runs whose memory is measured: small and large batches, many and few parameters, convolutions, attention, derivatives along a path.
export interface MemorySubject {
  readonly id: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Which data set it learns from. */
  readonly data: 'images' | 'text';
  /** Whether it is run once more with the forward pass computed twice. */
  readonly isDeep?: boolean;
}

const meanflow = (id: string, network: object, batchSize: number, isDeep = false): MemorySubject => ({
  id,
  config: { recipe: 'meanflow', network, batchSize, samples: { count: 16 } },
  data: 'images',
  isDeep,
});

const classifier = (batchSize: number): MemorySubject => ({
  id: `classifier, batch ${batchSize}`,
  config: { recipe: 'classifier', batchSize },
  data: 'images',
});

const smallDit = { kind: 'dit', patch: 7, width: 128, layers: 4 };
const deepDit = { kind: 'dit', patch: 4, width: 128, heads: 4, layers: 8 };
const smallUnet = { kind: 'unet', width: 32, halvings: 2 };

export const memorySubjects: readonly MemorySubject[] = [
  classifier(32),
  classifier(512),
  meanflow('DiT, batch 64', smallDit, 64),
  meanflow('DiT, batch 256', smallDit, 256),
  meanflow('deep DiT, patch 4, batch 64', deepDit, 64, true),
  meanflow('U-Net, batch 8', smallUnet, 8),
  meanflow('U-Net, batch 64', smallUnet, 64, true),
  meanflow('MLP of 17 million', { kind: 'mlp', width: 2048, layers: 4 }, 32),
  {
    id: 'transformer, 6 layers, 256 wide, sequence 256, batch 8',
    config: {
      recipe: 'language-model',
      network: { kind: 'transformer', width: 256, layers: 6, heads: 8 },
      window: 256,
      batchSize: 8,
      samples: { count: 0 },
    },
    data: 'text',
    isDeep: true,
  },
];
