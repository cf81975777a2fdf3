// Stands in for Modal's service: speaks Modal's own protobuf, with the codecs of the SDK, and runs each sandbox's command as a process of this machine.
// Only what sandboxes of the first kind need is there (V1, the kind with GPUs): apps, registry images, volumes without content, sandboxes.
// node standInServer.mjs FOLDER — writes FOLDER/port; sandboxes leave FOLDER/created.jsonl.
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';

const folder = process.argv[2];
const { definition, grpc } = loadSdk();
const boxes = new Map();
const apps = new Map();

const handlers = {
  clientHello: async () => ({}),
  authTokenGet: async () => ({ token: tokenForAnHour() }),
  environmentGetOrCreate: async () => ({
    environmentId: 'en-1',
    metadata: { name: 'main', settings: { imageBuilderVersion: '2025.06' } },
  }),
  appGetOrCreate: async ({ appName }) => {
    if (!apps.has(appName)) apps.set(appName, `ap-${apps.size + 1}`);
    return { appId: apps.get(appName) };
  },
  imageGetOrCreate: async () => ({ imageId: 'im-1', result: { status: 1 }, metadata: {} }),
  async *imageJoinStreaming() {
    yield { result: { status: 1 }, eof: true };
  },
  secretGetOrCreate: async () => ({ secretId: 'st-1' }),
  volumeGetOrCreate: async () => ({ volumeId: 'vo-1' }),
  sandboxCreate: async ({ definition: wanted }) => {
    const twin = [...boxes.values()].find((box) => box.name === wanted.name && box.result === undefined);
    if (wanted.name !== '' && twin !== undefined)
      throw new grpc.ServerError(grpc.Status.ALREADY_EXISTS, `Sandbox ${wanted.name} exists already`);
    return { sandboxId: createBox(wanted).id };
  },
  sandboxGetFromName: async ({ sandboxName }) => {
    const box = [...boxes.values()].find((each) => each.name === sandboxName && each.result === undefined);
    if (box === undefined) throw new grpc.ServerError(grpc.Status.NOT_FOUND, 'no such sandbox');
    return { sandboxId: box.id };
  },
  sandboxStdinWrite: async ({ sandboxId, input, index, eof }) => {
    const box = find(sandboxId);
    if (index > box.lastInput) {
      box.lastInput = index;
      if (input?.length > 0) box.process.stdin.write(Buffer.from(input));
      if (eof) box.process.stdin.end();
    }
    return {};
  },
  sandboxWait: async ({ sandboxId, timeout }) => {
    const box = find(sandboxId);
    await until(box, () => box.result !== undefined, timeout * 1000);
    return box.result === undefined ? {} : { result: box.result };
  },
  sandboxGetTaskId: async ({ sandboxId }) => ({ taskId: `ta-${sandboxId}` }),
  async *sandboxGetLogs({ sandboxId, fileDescriptor, lastEntryId, timeout }) {
    const box = find(sandboxId);
    const pieces = box.output[fileDescriptor];
    let next = Number.parseInt(lastEntryId || '0', 10) || 0;
    const deadline = Date.now() + (timeout || 55) * 1000;
    while (Date.now() < deadline) {
      while (next < pieces.length) {
        const data = pieces[next++];
        yield { entryId: `${next}-0`, items: [{ data, fileDescriptor, timestamp: Date.now() / 1000 }], eof: false };
      }
      if (box.result !== undefined) {
        yield { entryId: `${next}-0`, items: [], eof: true };
        return;
      }
      await until(box, () => next < pieces.length || box.result !== undefined, 500);
    }
  },
  sandboxTerminate: async ({ sandboxId }) => {
    const box = find(sandboxId);
    box.isTerminated = true;
    killGroup(box.process.pid);
    return {};
  },
  sandboxTagsSet: async () => ({}),
};

const server = grpc.createServer();
server.add(definition, Object.fromEntries(Object.keys(definition.methods).map((name) => [name, methodOf(name)])));
const port = await server.listen('127.0.0.1:0');
writeFileSync(path.join(folder, 'port'), String(port));
process.on('SIGTERM', () => {
  for (const box of boxes.values()) killGroup(box.process.pid);
  process.exit(0);
});

function createBox(wanted) {
  const id = `sb-${String(boxes.size + 1).padStart(22, '0')}`;
  // A sandbox has a disk of its own.
  const [program, ...args] = wanted.entrypointArgs.map((word) =>
    word.replaceAll('/tmp/trainyard', path.join(folder, id)),
  );
  const box = { id, name: wanted.name, output: { 1: [], 2: [] }, lastInput: 0, waiting: [], result: undefined };
  box.process = spawn(program, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  box.process.stdin.on('error', () => {});
  for (const [descriptor, stream] of [
    [1, box.process.stdout],
    [2, box.process.stderr],
  ]) {
    stream.setEncoding('utf8');
    stream.on('data', (text) => {
      box.output[descriptor].push(text);
      wake(box);
    });
  }
  box.process.on('close', (code, signal) => {
    box.result ??=
      signal === null
        ? { status: code === 0 ? 1 : 2, exitcode: code }
        : { status: box.isTerminated ? 3 : 2, exitcode: 137 };
    wake(box);
  });
  boxes.set(id, box);
  const gpu = wanted.resources?.gpuConfig?.gpuType ?? '';
  appendFileSync(
    path.join(folder, 'created.jsonl'),
    `${JSON.stringify({ id, name: wanted.name, gpu, timeout: wanted.timeoutSecs })}\n`,
  );
  return box;
}

function find(id) {
  const box = boxes.get(id);
  if (box === undefined) throw new grpc.ServerError(grpc.Status.NOT_FOUND, 'no such sandbox');
  return box;
}

function methodOf(name) {
  const handler = handlers[name];
  const missing = () => {
    console.error(`The stand-in has no ${name}.`);
    throw new grpc.ServerError(grpc.Status.UNIMPLEMENTED, name);
  };
  if (!definition.methods[name].responseStream) return async (request) => (handler ?? missing)(request);
  return async function* (request) {
    yield* (handler ?? missing)(request);
  };
}

async function until(box, condition, ms) {
  const deadline = Date.now() + ms;
  while (!condition() && Date.now() < deadline) {
    await new Promise((resolve) => {
      box.waiting.push(resolve);
      setTimeout(resolve, 50);
    });
  }
}

function wake(box) {
  for (const resolve of box.waiting.splice(0)) resolve();
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

function tokenForAnHour() {
  const body = Buffer.from(JSON.stringify({ exp: Math.floor(Date.now() / 1000) + 3600 })).toString('base64url');
  return `x.${body}.y`;
}

/** The SDK does not export the definition of the service that it was made from, so its own file is loaded with one more line. */
function loadSdk() {
  const require = createRequire(import.meta.url);
  const file = require.resolve('modal').replace(/index\.js$/, 'index.cjs');
  const sdk = new Module(file);
  sdk.filename = file;
  sdk.paths = Module._nodeModulePaths(path.dirname(file));
  sdk._compile(`${readFileSync(file, 'utf8')}\nmodule.exports.definition = ModalClientDefinition;\n`, file);
  return { definition: sdk.exports.definition, grpc: createRequire(file)('nice-grpc') };
}
