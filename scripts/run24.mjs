// Runs a script under a Node that the product supports (22.15 or later): the one that runs us, or the one that the setup keeps.
import { ensureNode, ensurePackages, repo, runHere } from './bootstrap.mjs';

try {
  const node = await ensureNode();
  await ensurePackages(repo);
  process.exitCode = await runHere(node, process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
