import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { providerVariable } from './providerFolder.ts';
import { bindingFiles } from './release.ts';

/**
 * Must be imported before onnxruntime-node: its binding is then loaded from the folder that the variable names. ONNX Runtime looks for its providers
 * in the folder of its own library (onnxruntime/core/session/provider_bridge_ort.cc, `GetRuntimePath`), and Trainyard cannot write into the folder of the
 * package, which an update replaces and which may belong to another user.
 */
function redirectBinding(folder: string): void {
  const [binding] = bindingFiles;
  const target = pathToFileURL(path.join(folder, binding)).href;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (!specifier.endsWith(`/${binding}`)) return nextResolve(specifier, context);
      return { url: target, format: 'addon', shortCircuit: true };
    },
  });
}

const given = process.env[providerVariable];
if (given !== undefined && given !== '') redirectBinding(given);
