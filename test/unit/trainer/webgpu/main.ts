// What runs in a process of its own on the software driver: `main.ts CASE [ARGUMENTS]` prints the case's answer as JSON.
import { cases } from './cases.ts';

const [name = '', ...args] = process.argv.slice(2);
const found = cases[name];
if (found === undefined) throw new Error(`There is no case ${name}.`);
process.stdout.write(`${JSON.stringify(await found(...args))}\n`, () => process.exit(0));
