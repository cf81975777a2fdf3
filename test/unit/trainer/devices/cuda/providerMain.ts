// Uses the installed provider and says with what environment the program then runs, for a test.
import { useInstalledProvider } from '../../../../../src/trainer/devices/cuda/useProvider.ts';

const before = process.pid;
useInstalledProvider(process.argv[2]!);
const { LD_LIBRARY_PATH: libraries, TRAINYARD_ONNXRUNTIME: provider } = process.env;
process.stdout.write(JSON.stringify({ pid: before, libraries, provider, rest: process.argv.slice(3) }));
