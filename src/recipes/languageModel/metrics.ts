import type { MetricDefinition } from '../../domain/metricDefinition.ts';
import { commonMetrics } from '../commonFields.ts';

export const languageModelMetrics: readonly MetricDefinition[] = [
  {
    tag: 'train/loss',
    title: 'Loss',
    unit: 'nat',
    direction: 'minimize',
    version: 1,
    description: 'Mean cross-entropy of the tokens of the batch that were to be predicted, by their weights.',
    primary: true,
  },
  {
    tag: 'train/perplexity',
    title: 'Training perplexity',
    unit: '',
    direction: 'minimize',
    version: 1,
    description: 'Exponential of the loss: among how many tokens the network wavers.',
  },
  {
    tag: 'val/loss',
    title: 'Validation loss',
    unit: 'nat',
    direction: 'minimize',
    version: 1,
    description:
      'Mean cross-entropy of the averaged weights over the held-out tokens, by their weights. Masked: of tokens that are the same at every evaluation.',
    primary: true,
  },
  {
    tag: 'val/perplexity',
    title: 'Validation perplexity',
    unit: '',
    direction: 'minimize',
    version: 1,
    description: 'Exponential of the validation loss.',
  },
  {
    tag: 'val/bits',
    title: 'Bits per token',
    unit: 'bit',
    direction: 'minimize',
    version: 1,
    description: 'The validation loss in bits: per byte of text, per base of DNA, or per token of a tokenizer.',
  },
  {
    tag: 'val/accuracy',
    title: 'Validation accuracy',
    unit: '',
    direction: 'maximize',
    version: 1,
    description: 'Part of the held-out tokens, by their weights, that the averaged weights hold for the most likely.',
  },
  {
    tag: 'variants/auroc',
    title: 'Variants, AUROC',
    unit: '',
    direction: 'maximize',
    version: 1,
    description:
      'Area under the ROC curve of telling variants of label 1 by how much less likely the averaged weights hold their alternative allele.',
  },
  {
    tag: 'variants/auprc',
    title: 'Variants, AUPRC',
    unit: '',
    direction: 'maximize',
    version: 1,
    description: 'Area under the precision-recall curve of the same ranking (average precision).',
  },
  ...commonMetrics,
];
