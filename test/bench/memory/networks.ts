// The runs whose memory is measured: small and large batches, many and few parameters, convolutions, attention, derivatives along a path.
export interface MemorySubject {
  readonly id: string;
  readonly config: Readonly<Record<string, unknown>>;
}

const meanflow = (network: object, batchSize: number) => ({
  recipe: 'meanflow',
  network,
  batchSize,
  samples: { count: 16 },
});

export const memorySubjects: readonly MemorySubject[] = [
  { id: 'classifier, batch 32', config: { recipe: 'classifier', batchSize: 32 } },
  { id: 'classifier, batch 512', config: { recipe: 'classifier', batchSize: 512 } },
  { id: 'DiT, batch 64', config: meanflow({ kind: 'dit', patch: 7, width: 128, layers: 4 }, 64) },
  { id: 'DiT, batch 256', config: meanflow({ kind: 'dit', patch: 7, width: 128, layers: 4 }, 256) },
  { id: 'U-Net, batch 8', config: meanflow({ kind: 'unet', width: 32, halvings: 2 }, 8) },
  { id: 'U-Net, batch 32', config: meanflow({ kind: 'unet', width: 32, halvings: 2 }, 32) },
  { id: 'MLP of 17 million', config: meanflow({ kind: 'mlp', width: 2048, layers: 4 }, 32) },
];
