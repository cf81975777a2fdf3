import { describeError } from '../base/errors.ts';
import { programVersion } from '../base/version.ts';
import { didYouMean } from '../domain/config.ts';
import { UsageError } from './arguments.ts';
import { commands, isCommand } from './commands.ts';
import { exitCodes } from './exitCodes.ts';
import { listenForClosedOutput, OutputClosed, print, printNote } from './output.ts';

/** The command line `trainyard`. Nothing but this table is loaded until a command is known. */
async function runCli([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    print(overview());
    return exitCodes.done;
  }
  if (name === '--version' || name === '-v') {
    print(programVersion);
    return exitCodes.done;
  }
  if (!isCommand(name)) throw new UsageError(unknownCommand(name));
  const run = await commands[name].load();
  return run(args);
}

function unknownCommand(name: string): string {
  return `There is no command "${name}".${didYouMean(name, Object.keys(commands))} "trainyard --help" lists them.`;
}

function overview(): string {
  const shown = Object.entries(commands);
  const width = Math.max(...shown.map(([name]) => name.length));
  const lines = shown.map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    'trainyard COMMAND [OPTIONS]',
    '',
    ...lines,
    '',
    '"trainyard COMMAND --help" says more. --json prints for programs; docs/cli.md describes it.',
  ].join('\n');
}

function complain(thrown: unknown): number {
  if (thrown instanceof OutputClosed) return exitCodes.done;
  printNote(`trainyard: ${thrown instanceof UsageError ? thrown.message : describeError(thrown)}`);
  return thrown instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}

listenForClosedOutput();

void runCli(process.argv.slice(2))
  .catch(complain)
  .then((code) => {
    process.exitCode = code;
  });
