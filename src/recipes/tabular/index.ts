import type { JsonObject } from '../../domain/json.ts';
import { reduceMean, type Value } from '../../graph/index.ts';
import { collectParameters, readingScope, type Scope } from '../../nn/scope.ts';
import { optimizerSettings } from '../commonFields.ts';
import { type ArrayFacts, arrayFacts } from '../data.ts';
import type { DataFacts, ExportedModel, Program, Recipe } from '../recipe.ts';
import { readTabularConfig, type TabularConfig, tabularFields } from './config.ts';
import { tabularMetrics } from './metrics.ts';
import { inUnits, tabularNetwork } from './network.ts';
import { judgeOutput } from './task.ts';

/** Examples per graph run outside training. */
const BATCH = 256;

/** Rows of a table into a class or a number. */
export const tabular: Recipe = {
  info: {
    id: 'tabular',
    title: 'Table',
    description: 'Learns to tell one column of a table from the others.',
    version: 1,
    fields: tabularFields,
    metrics: tabularMetrics,
  },
  architecture(config: JsonObject, data: DataFacts): string {
    const { width, layers, task } = readTabularConfig(config);
    const { featureScales, targetScales, classes } = arrayFacts(data);
    const output = classes > 0 ? `c${classes}` : `n${targetScales.length}`;
    return `tabular-${task}-w${width}-l${layers}-f${featureScales.length}-${output}`;
  },
  dataSets(config: JsonObject) {
    const { data: path, source } = readTabularConfig(config);
    return [
      { name: 'train', path, split: 'train', required: true, source },
      { name: 'test', path, split: 'test', required: false, source },
    ];
  },
  build(config: JsonObject, data: DataFacts): Program {
    const settings = readTabularConfig(config);
    const facts = arrayFacts(data);
    const network = (scope: Scope, features: Value, counter?: Value) =>
      tabularNetwork(scope, features, settings, facts, counter);
    return {
      parameters: collectParameters((scope) => {
        network(scope, scope.graph.input('features', [1, ...facts.features]));
      }),
      batchSize: settings.batchSize,
      optimizer: optimizerSettings(config),
      step({ graph, parameters, batch, counter }) {
        const output = network(readingScope(graph, parameters), batch['features']!, counter);
        const { loss, figures } = judgeOutput(settings.task, output, batch, facts);
        const metrics = Object.entries(figures).map(([name, values]) => [`train/${name}`, mean(values)]);
        return { loss: mean(loss), metrics: Object.fromEntries(metrics) };
      },
      evaluations: [
        {
          data: 'test',
          batchSize: BATCH,
          build(graph, parameters, batch) {
            const output = network(readingScope(graph, parameters), batch['features']!);
            const { loss, figures } = judgeOutput(settings.task, output, batch, facts);
            const metrics = Object.entries(figures).map(([name, values]) => [`test/${name}`, values]);
            return { 'test/loss': loss, ...Object.fromEntries(metrics) };
          },
        },
      ],
      model: exportedModel(settings, facts),
    };
  },
};

/** The file gives logits, or targets in their own units. */
function exportedModel(settings: TabularConfig, facts: ArrayFacts): ExportedModel {
  const isClass = facts.classes > 0;
  return {
    build(graph, parameters, batch) {
      const features = graph.input('features', [batch, ...facts.features]);
      const output = tabularNetwork(readingScope(graph, parameters), features, settings, facts);
      return {
        inputs: [features],
        outputs: isClass ? { logits: output } : { targets: inUnits(output, facts.targetScales) },
      };
    },
    metadata: {
      task: isClass ? 'classification of rows' : 'regression of rows',
      inputs: `features: float32 [batch, ${facts.features.join(', ')}]`,
      outputs: isClass
        ? `logits: float32 [batch, ${facts.classes}]`
        : `targets: float32 [batch, ${facts.targetScales.length}]`,
    },
  };
}

function mean(values: Value): Value {
  return reduceMean(values, [0], false);
}
