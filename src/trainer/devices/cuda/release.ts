import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { AppError } from '../../../base/errors.ts';

/** The CUDA provider that belongs to the installed onnxruntime-node: which package has it and which of its files are wanted. */
export interface CudaRelease {
  /** Version of onnxruntime-node, and so of the package: libraries of two versions do not work together. */
  readonly version: string;
  /** Name of the package at NuGet. */
  readonly package: string;
  /** Folder with the binding and the library of onnxruntime-node. */
  readonly binaries: string;
}

/** The libraries of the provider. TensorRT's, which the package has too, is of no use here. */
export const providerLibraries = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'] as const;

/** The binding looks for its library beside itself, and the library for the providers beside itself, so all of them lie in one folder. */
export const bindingFiles = ['onnxruntime_binding.node', 'libonnxruntime.so.1'] as const;

/** How large the package and what is unpacked of it are about, for the question before the size is known (version 1.29 was looked at). */
export const roughSizes = { package: 200_000_000, unpacked: 300_000_000 } as const;

/**
 * The release for this machine, after onnxruntime-node's own script/install-metadata.js, which has one for x64 Linux alone. Throws AppError
 * 'device-unavailable' elsewhere.
 */
export function cudaRelease(platform = process.platform, architecture = process.arch): CudaRelease {
  if (platform !== 'linux' || architecture !== 'x64') {
    throw new AppError(
      'device-unavailable',
      `ONNX Runtime for Node.js has a CUDA provider for Linux on x64 alone, and this is ${platform} on ${architecture}.`,
      { hint: platform === 'win32' ? 'Train with device=dml or device=webgpu.' : 'Train with device=auto.' },
    );
  }
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  const binaries = path.join(path.dirname(manifest), 'bin', 'napi-v6', platform, architecture);
  return { version, package: 'Microsoft.ML.OnnxRuntime.Gpu.Linux', binaries };
}

/** Where a release's provider is put, below Trainyard's own folder. */
export function providerFolder(home: string, version: string): string {
  return path.join(home, 'providers', `onnxruntime-${version}-cuda`);
}
