import { runShim } from './shim.ts';

const directory = process.argv[2];
if (directory === undefined) {
  console.error('usage: shim RUN_DIRECTORY');
  process.exitCode = 2;
} else {
  runShim(directory).catch((error: Error) => {
    console.error(`shim of ${directory}: ${error.message}`);
    process.exitCode = 1;
  });
}
