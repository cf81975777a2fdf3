// @jax-js/jax with its WebAssembly backend. Arguments: a plan, and the folder that holds the package. Every operation uses its operands up; `.ref` keeps one.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { oneHot, readPlan, serve } from './plan.mjs';

const [planFile, folder] = process.argv.slice(2);
// The package asks for it while it loads, and Node before version 21 has none.
globalThis.navigator ??= {};
const home = path.join(folder, 'node_modules', '@jax-js', 'jax');
const jax = await import(pathToFileURL(path.join(home, 'dist', 'index.js')).href);
const { version } = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8'));
const { numpy: np, nn, lax, jit, valueAndGrad, init, defaultDevice } = jax;
await init('wasm');
defaultDevice('wasm');

const plan = readPlan(planFile);
const { batch } = plan;
const tensor = ({ shape, values }) => np.array(Float32Array.from(values)).reshape(shape);
const crossEntropy = (logits, rows) =>
  nn
    .logSoftmax(logits)
    .mul(rows.ref)
    .sum()
    .mul(-1 / logits.shape[0]);
const linear = (p, name, x) => {
  const y = np.matmul(x, p[`${name}/weight`].ref);
  return `${name}/bias` in p ? y.add(p[`${name}/bias`].ref) : y;
};
const rms = (x) => x.ref.div(np.sqrt(np.mean(x.ref.mul(x), -1, { keepdims: true }).add(1e-5)));
const classes = (shape) => np.array(oneHot(batch.y.values, 10)).reshape(shape);

const losses = {
  mlp() {
    const [x, rows] = [tensor(batch.x), classes([128, 10])];
    return (p) => {
      const first = nn.relu(linear(p, 'layer0', x.ref));
      return crossEntropy(linear(p, 'output', nn.relu(linear(p, 'layer1', first))), rows);
    };
  },
  smallConv() {
    const [x, rows] = [tensor(batch.x), classes([4, 10])];
    const conv = (p, name, from, stride) => {
      const y = lax.convGeneralDilated(
        from,
        p[`${name}/weight`].ref,
        [stride, stride],
        [
          [1, 1],
          [1, 1],
        ],
      );
      return nn.relu(y.add(p[`${name}/bias`].ref.reshape([1, -1, 1, 1])));
    };
    return (p) => {
      const hidden = conv(p, 'conv1', conv(p, 'conv0', x.ref, 1), 2);
      return crossEntropy(linear(p, 'output', np.mean(hidden, [2, 3])), rows);
    };
  },
  block() {
    const [x, target] = [tensor(batch.x), tensor(batch.target)];
    const [examples, tokens, width] = batch.x.shape;
    const heads = (p, name, from) =>
      linear(p, name, from)
        .reshape([examples, tokens, 4, width / 4])
        .transpose([0, 2, 1, 3]);
    return (p) => {
      const normed = rms(x.ref);
      const [q, k, v] = ['queries', 'keys', 'values'].map((name) => heads(p, name, normed.ref));
      normed.dispose?.();
      const scores = np.matmul(q.mul((width / 4) ** -0.5), k.transpose([0, 1, 3, 2]));
      const mixed = np.matmul(nn.softmax(scores, -1), v).transpose([0, 2, 1, 3]).reshape(batch.x.shape);
      const between = linear(p, 'out', mixed).add(x.ref);
      const error = linear(p, 'down', nn.relu(linear(p, 'up', rms(between.ref))))
        .add(between)
        .sub(target.ref);
      return np.mean(error.ref.mul(error));
    };
  },
};

const names = Object.keys(plan.parameters);
const asObject = (list) => Object.fromEntries(names.map((name, i) => [name, list[i]]));
const lossOf = losses[plan.subject]();
const valueAndGradient = valueAndGrad((list) => lossOf(asObject(list)));
const decays = plan.decays;

/** AdamW with corrections of both biases, as in PyTorch. */
const update = jit((parameters, means, squares, meanPart, rootPart) => {
  const [loss, gradients] = valueAndGradient(parameters.map((each) => each.ref));
  const next = { parameters: [], means: [], squares: [] };
  parameters.forEach((parameter, i) => {
    const mean = means[i].mul(0.9).add(gradients[i].ref.mul(0.1));
    const square = squares[i].mul(0.999).add(gradients[i].ref.mul(gradients[i]).mul(0.001));
    const root = np.sqrt(square.ref.mul(rootPart.ref)).add(1e-8);
    const kept = decays[names[i]] ? parameter.mul(1 - plan.learningRate * plan.weightDecay) : parameter;
    next.parameters.push(kept.sub(mean.ref.mul(meanPart.ref).div(root).mul(plan.learningRate)));
    next.means.push(mean);
    next.squares.push(square);
  });
  return [loss, next.parameters, next.means, next.squares];
});

let state = [
  names.map((name) => tensor(plan.parameters[name])),
  ...[0, 1].map(() => names.map((name) => np.zeros(plan.parameters[name].shape))),
];
let count = 0;
await serve(version, async () => {
  count++;
  const factors = [1 / (1 - 0.9 ** count), 1 / (1 - 0.999 ** count)].map((factor) => np.array(factor));
  const [loss, ...next] = update(...state, ...factors);
  state = next;
  return loss.js();
});
