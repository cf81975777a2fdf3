// Runs the ssh tests. An sshd is needed: the machine's own, or one unpacked from Debian's package into the cache, without installing anything.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../../../scripts/setup/cache.mjs';
import { step } from '../../../scripts/setup/step.mjs';
import { runNodeTests } from '../../../scripts/test/nodeTests.mjs';

/** The server and the libraries of it that a small Debian may lack. */
const PACKAGES = ['openssh-server', 'libwrap0', 'libcap-ng0', 'libaudit1', 'libpam0g', 'libnsl2', 'libtirpc3'];

const own = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'].find((file) => existsSync(file));
const sshd = own ?? (await unpacked().catch((error) => leftOut(error)));
if (sshd !== undefined) process.env['TRAINYARD_SSHD'] = sshd;
process.exitCode = await runNodeTests(['test/targets/ssh/**/*.test.ts'], {
  parts: process.argv.slice(2),
  concurrency: 2,
});

/** An sshd in the cache; fetched where it is not there yet. */
async function unpacked() {
  const folder = cacheFolder('sshd');
  const program = path.join(folder, 'root', 'usr', 'sbin', 'sshd');
  if (!existsSync(program)) await step('unpack sshd from the Debian package', () => unpack(folder));
  const libraries = path.join(folder, 'root', 'usr', 'lib', `${machine()}-linux-gnu`);
  process.env['TRAINYARD_SSHD_LIBRARIES'] = `${libraries}:${libraries.replace('/usr/lib/', '/lib/')}`;
  execFileSync(program, ['-V'], { stdio: 'ignore', env: withLibraries() });
  return program;
}

/** @param {string} folder */
function unpack(folder) {
  const temporary = mkdtempSync(path.join(folder, 'tmp-'));
  try {
    execFileSync('apt-get', ['download', '-q', ...PACKAGES], { cwd: temporary, stdio: 'ignore', timeout: 120_000 });
    const debs = readdirSync(temporary).filter((name) => name.endsWith('.deb'));
    for (const deb of debs) execFileSync('dpkg-deb', ['-x', deb, 'root'], { cwd: temporary });
    renameSync(path.join(temporary, 'root'), path.join(folder, 'root'));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function withLibraries() {
  return { ...process.env, LD_LIBRARY_PATH: process.env['TRAINYARD_SSHD_LIBRARIES'] };
}

function machine() {
  return process.arch === 'arm64' ? 'aarch64' : 'x86_64';
}

/** @param {Error} error @returns {undefined} */
function leftOut(error) {
  console.log(
    `Left out: everything that needs an sshd. There is none, and Debian's cannot be fetched (${error.message.split('\n')[0]}).`,
  );
  return undefined;
}
