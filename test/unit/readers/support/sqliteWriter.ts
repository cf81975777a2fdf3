// A program that writes to a database with short pauses, until it is told to stop by a line on its input; "rest" makes it wait for "go on", which it answers.
// Every transaction leaves the same relation between two tables, so that whoever sees half a transaction can tell.
import { DatabaseSync } from 'node:sqlite';

const [file, journal] = process.argv.slice(2) as [string, string];
const database = new DatabaseSync(file);
database.exec(
  `PRAGMA journal_mode = ${journal}; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 20; PRAGMA cache_size = 5`,
);
database.exec(
  'CREATE TABLE things (id INTEGER PRIMARY KEY, a, b); CREATE TABLE counts (id INTEGER PRIMARY KEY, rows INTEGER)',
);
database.exec('INSERT INTO counts VALUES (1, 0)');
const insert = database.prepare('INSERT INTO things (a, b) VALUES (?, zeroblob(?))');
let wish = 'go on';
let isResting = false;
process.stdin.on('data', (lines) => {
  wish = String(lines).trim().split('\n').at(-1)!;
  if (isResting) write();
});
let round = 0;
function write(): void {
  if (wish === 'stop') process.exit(0);
  for (let batch = 0; batch < 3; batch++, round++) {
    database.exec('BEGIN');
    for (let row = 0; row < 1 + (round % 40); row++) insert.run(round, (round * 37) % 3000);
    if (round % 17 === 0) database.exec('DELETE FROM things WHERE id % 3 = 0');
    database.exec('UPDATE counts SET rows = (SELECT count(*) FROM things)');
    database.exec(round % 23 === 5 ? 'ROLLBACK' : 'COMMIT');
    if (round % 61 === 0) database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    if (round % 97 === 0) database.exec('BEGIN; DELETE FROM things; UPDATE counts SET rows = 0; COMMIT');
  }
  isResting = wish === 'rest';
  if (isResting) process.stdout.write('resting\n');
  else setTimeout(write, 3);
}
process.stdout.write('ready\n');
write();
