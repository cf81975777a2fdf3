// What the tests ask of WebGPU, each in a process of its own.
import { add, encodeModel, Graph, grad, mul, reduceSum, standardize } from '../../../../src/graph/index.ts';
import { modelOptions } from '../../../../src/trainer/devices/providers.ts';
import { ModelSession } from '../../../../src/trainer/engine/session.ts';

export const cases: Readonly<Record<string, (...args: readonly string[]) => Promise<unknown>>> = {
  normGradient: async () => ({ cpu: await normGradient('cpu'), webgpu: await normGradient('webgpu') }),
};

/** The gradient of a sum behind which a layer norm stands, as in every residual network. */
async function normGradient(device: 'cpu' | 'webgpu'): Promise<readonly number[]> {
  const graph = new Graph();
  const [a, b] = [graph.input('a', [2, 3, 16]), graph.input('b', [2, 3, 16])];
  const y = standardize(add(a, b));
  const [gradient] = grad(reduceSum(mul(y, mul(y, y)), undefined, false), [a]);
  const session = await ModelSession.create(encodeModel(graph, { gradient: gradient! }, modelOptions[device]), {
    device,
    threads: 1,
  });
  const input = (factor: number) => ({
    data: Float32Array.from({ length: 96 }, (_, i) => Math.sin(i * factor)),
    shape: [2, 3, 16],
  });
  const outputs = await session.run({ a: input(1.3), b: input(0.7) });
  session.dispose();
  return [...(outputs['gradient'] as Float32Array)];
}
