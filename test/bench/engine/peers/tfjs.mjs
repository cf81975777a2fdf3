// @tensorflow/tfjs with its WebAssembly backend, or where that lacks a gradient, its plain one. Arguments: a plan, the folder that holds the packages, threads.
import { createRequire } from 'node:module';
import path from 'node:path';
import { readPlan, serve } from './plan.mjs';

const [planFile, folder, threads] = process.argv.slice(2);
const require = createRequire(path.join(folder, 'package.json'));
const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
wasm.setWasmPaths(`${path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
wasm.setThreadsCount(Number(threads));

const plan = readPlan(planFile);
// The WebAssembly backend has no gradient of a convolution along its weights.
const backend = plan.subject === 'smallConv' ? 'cpu' : 'wasm';
await tf.setBackend(backend);
await tf.ready();

const { batch } = plan;
const p = Object.fromEntries(
  Object.entries(plan.parameters).map(([name, { shape, values }]) => [name, tf.variable(tf.tensor(values, shape))]),
);
const tensor = ({ shape, values }) => tf.tensor(values, shape);
const linear = (name, x) => {
  const weight = p[`${name}/weight`];
  const rows = x.reshape([-1, weight.shape[0]]);
  const y = tf.matMul(rows, weight).reshape([...x.shape.slice(0, -1), weight.shape[1]]);
  return `${name}/bias` in p ? y.add(p[`${name}/bias`]) : y;
};
const crossEntropy = (logits, rows) => tf.losses.softmaxCrossEntropy(rows, logits).asScalar();
const rms = (x) => x.div(x.square().mean(-1, true).add(1e-5).sqrt());
const classes = () => tf.oneHot(tf.tensor1d(batch.y.values, 'int32'), 10).toFloat();

const losses = {
  mlp() {
    const [x, rows] = [tensor(batch.x), classes()];
    return () => crossEntropy(linear('output', tf.relu(linear('layer1', tf.relu(linear('layer0', x))))), rows);
  },
  smallConv() {
    const [x, rows] = [tf.transpose(tensor(batch.x), [0, 2, 3, 1]), classes()];
    const conv = (name, from, stride) => {
      const weight = tf.transpose(p[`${name}/weight`], [2, 3, 1, 0]);
      return tf.relu(
        tf
          .conv2d(from, weight, stride, [
            [0, 0],
            [1, 1],
            [1, 1],
            [0, 0],
          ])
          .add(p[`${name}/bias`]),
      );
    };
    return () => crossEntropy(linear('output', conv('conv1', conv('conv0', x, 1), 2).mean([1, 2])), rows);
  },
  block() {
    const [x, target] = [tensor(batch.x), tensor(batch.target)];
    const [examples, tokens, width] = batch.x.shape;
    const heads = (name, from) =>
      tf.transpose(linear(name, from).reshape([examples, tokens, 4, width / 4]), [0, 2, 1, 3]);
    return () => {
      const normed = rms(x);
      const [q, k, v] = ['queries', 'keys', 'values'].map((name) => heads(name, normed));
      const scores = tf.matMul(q.mul((width / 4) ** -0.5), k, false, true);
      const mixed = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]).reshape(batch.x.shape);
      const between = x.add(linear('out', mixed));
      return between
        .add(linear('down', tf.relu(linear('up', rms(between)))))
        .sub(target)
        .square()
        .mean();
    };
  },
};

const lossOf = losses[plan.subject]();
// It has no weight decay; what that changes within a few steps is far below the tolerance of the comparison.
const optimizer = tf.train.adam(plan.learningRate, 0.9, 0.999, 1e-8);
await serve(`${tf.version['tfjs-core']} (${backend})`, async () => {
  const loss = optimizer.minimize(() => lossOf(), true);
  const [value] = await loss.data();
  loss.dispose();
  return value;
});
