// Chromium brings a graphics driver that computes on the CPU (SwiftShader), with a Vulkan loader: enough for ONNX Runtime's WebGPU provider.
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { findOnPath } from '../../../../scripts/setup/executables.mjs';

/** Where Debian, Ubuntu and Google put the browser's libraries. */
const folders = ['/usr/lib/chromium', '/usr/lib/chromium-browser', '/opt/google/chrome', '/opt/google/chrome-unstable'];
const driver = 'vk_swiftshader_icd.json';
const loader = 'libvulkan.so.1';

/** Another driver, by the path of its description, such as Mesa's lvp_icd.x86_64.json: it may have 16-bit floats, which Chromium's has not. */
const otherDriver = process.env['TRAINYARD_VULKAN_DRIVER'];

function driverFolder(): string | undefined {
  const named = process.env['TRAINYARD_CHROMIUM'] ?? findOnPath('chromium') ?? findOnPath('google-chrome');
  const beside = named === undefined ? [] : [path.dirname(named)];
  return [...beside, ...folders].find((folder) => existsSync(path.join(folder, driver)));
}

/** Why there is no WebGPU here; false where there is. As the `skip` of a test. */
export const noSoftwareVulkan: string | false =
  driverFolder() === undefined ? 'there is no Chromium with SwiftShader (npm test installs it)' : false;

/**
 * Runs a function of `cases.ts` in a process of its own, which sees the software driver and no other: the loader is looked for when a process starts, and
 * what goes wrong in a driver ends it. Gives what the function gave, as JSON.
 */
export async function onSoftwareGpu<T>(test: TestContext, name: string, ...args: readonly string[]): Promise<T> {
  const folder = driverFolder()!;
  // The browser's folder has libraries that nobody else is to load.
  const only = mkdtempSync(path.join(tmpdir(), 'trainyard-vulkan-'));
  test.after(() => rmSync(only, { recursive: true, force: true }));
  const beside = path.join(folder, loader);
  if (existsSync(beside)) symlinkSync(beside, path.join(only, loader));
  const described = otherDriver ?? path.join(folder, driver);
  const env = {
    ...process.env,
    LD_LIBRARY_PATH: [only, process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':'),
    VK_ICD_FILENAMES: described,
    VK_DRIVER_FILES: described,
    NODE_TEST_CONTEXT: undefined,
  };
  const program = path.join(import.meta.dirname, 'main.ts');
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--no-warnings', program, name, ...args],
      { env, timeout: 300_000, killSignal: 'SIGKILL', maxBuffer: 16_000_000 },
      (error, stdout, stderr) => {
        if (error === null) resolve(JSON.parse(stdout.trim().split('\n').at(-1)!) as T);
        else reject(new Error(`${name}: ${error.signal ?? error.code}\n${stderr.slice(-3000)}`));
      },
    );
  });
}
