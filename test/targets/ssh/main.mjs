// Runs the ssh tests. An sshd and the ssh program are needed: the machine's own; where this is root on Debian, installed without being started; else an
// sshd that is unpacked from Debian's package into the cache.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder } from '../../../scripts/setup/cache.mjs';
import { step } from '../../../scripts/setup/step.mjs';
import { runNodeTests } from '../../../scripts/test/nodeTests.mjs';

/** The server and the libraries of it that a small Debian may lack. */
const PACKAGES = ['openssh-server', 'libwrap0', 'libcap-ng0', 'libaudit1', 'libpam0g', 'libnsl2', 'libtirpc3'];

const ownPlaces = ['/usr/sbin/sshd', '/usr/local/sbin/sshd'];
const clientPlaces = ['/usr/bin/ssh-keygen', '/usr/local/bin/ssh-keygen'];
const isRootOnDebian = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
if (isRootOnDebian && ![ownPlaces, clientPlaces].every((places) => places.some((file) => existsSync(file))))
  await step('install ssh and sshd from Debian', install).catch(leftOut);
const own = ownPlaces.find((file) => existsSync(file));
const sshd = own ?? (await unpacked().catch((error) => leftOut(error)));
if (sshd !== undefined) process.env['TRAINYARD_SSHD'] = sshd;
process.exitCode = await runNodeTests(['test/targets/ssh/**/*.test.ts'], {
  parts: process.argv.slice(2),
  concurrency: 2,
});

/** The package would start its server; a policy keeps it from that, as Debian has it for this purpose. */
function install() {
  const policy = '/usr/sbin/policy-rc.d';
  const isOurs = !existsSync(policy);
  if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const apt = (/** @type {string[]} */ ...args) =>
    execFileSync('apt-get', ['-o', 'DPkg::Lock::Timeout=600', '-qq', ...args], {
      stdio: 'ignore',
      timeout: 170_000,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  try {
    apt('update');
    apt('install', '-y', '--no-install-recommends', 'openssh-client', 'openssh-server');
  } finally {
    if (isOurs) rmSync(policy, { force: true });
  }
}

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
