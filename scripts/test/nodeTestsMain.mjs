// Runs the test files that match the pattern given as first argument; further arguments are parts of their paths.
import { runNodeTests } from './nodeTests.mjs';

const [pattern, ...parts] = process.argv.slice(2);
if (pattern === undefined) throw new Error('Name a pattern of test files.');
process.exitCode = await runNodeTests([pattern], { parts });
