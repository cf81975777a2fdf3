import { followJob } from './runner.ts';

const directory = process.argv[2];
if (directory === undefined) {
  console.error('usage: modal RUN_DIRECTORY');
  process.exitCode = 2;
} else {
  followJob(directory).then(
    // The SDK keeps connections open that nobody needs any more.
    () => process.exit(0),
    (error: Error) => {
      console.error(`Modal runner of ${directory}: ${error.message}`);
      process.exit(1);
    },
  );
}
