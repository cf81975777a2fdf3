// Runs unit tests under node:test. Arguments are folders or files below test/unit; without any, all of them.
import { runNodeTests } from './test/nodeTests.mjs';

process.exitCode = await runNodeTests(['test/unit/**/*.test.ts'], { parts: process.argv.slice(2), concurrency: 2 });
