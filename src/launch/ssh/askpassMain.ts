import net from 'node:net';

/** Variables by which the worker tells this program where to ask. */
const socket = process.env['TRAINYARD_ASK_SOCKET'];
const token = process.env['TRAINYARD_ASK_TOKEN'];

/**
 * The program that ssh starts to ask a person (SSH_ASKPASS, see ssh(1)): hands the question to the worker and prints the answer. Exit code 1: there is
 * none. With SSH_ASKPASS_PROMPT=confirm the exit code is the answer.
 */
function main(): void {
  if (socket === undefined || token === undefined) {
    process.exitCode = 1;
    return;
  }
  let answer = '';
  const connection = net.connect(socket);
  connection.on('error', () => process.exit(1));
  connection.setEncoding('utf8').on('data', (part: string) => {
    answer += part;
  });
  connection.on('end', () => finish(answer));
  const question = { token, prompt: process.argv[2] ?? '', mode: process.env['SSH_ASKPASS_PROMPT'] ?? '' };
  connection.write(`${JSON.stringify(question)}\n`);
}

function finish(answer: string): void {
  if (answer === '') process.exit(1);
  const { text } = JSON.parse(answer) as { text: string };
  if (process.env['SSH_ASKPASS_PROMPT'] === 'confirm') process.exit(/^y(es)?$/i.test(text) ? 0 : 1);
  process.stdout.write(`${text}\n`, () => process.exit(0));
}

main();
