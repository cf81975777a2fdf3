// Chromium for the tests that look at panels. Debian has it; nothing else is downloaded.
import { findOnPath, isExecutable } from './executables.mjs';
import { runQuietly } from './npm.mjs';
import { step } from './step.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge'];
const MAC_APPS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * Path of a Chromium-like browser: `TRAINYARD_CHROMIUM`, one on the PATH, or Debian's, installed now when root.
 * @returns {Promise<string>}
 */
export async function ensureChromium() {
  const found = findChromium();
  if (found !== undefined) return found;
  const apt = findOnPath('apt-get');
  if (apt === undefined || process.getuid?.() !== 0) {
    const how = apt === undefined ? 'Install Chromium or Chrome' : 'Run `sudo apt-get install chromium`';
    throw new Error(
      `The browser tests need Chromium, and none is on the PATH. ${how}, or name one in TRAINYARD_CHROMIUM.`,
    );
  }
  await step('Chromium by apt-get (about 330 MB on disk)', () => installWithApt(apt));
  const installed = findChromium();
  if (installed === undefined) throw new Error('apt-get installed chromium, but no browser is on the PATH afterwards.');
  return installed;
}

/** @returns {string | undefined} */
function findChromium() {
  const named = process.env['TRAINYARD_CHROMIUM'];
  if (named !== undefined) {
    if (!isExecutable(named)) throw new Error(`TRAINYARD_CHROMIUM names ${named}, which is not an executable file.`);
    return named;
  }
  for (const name of NAMES) {
    const file = findOnPath(name);
    if (file !== undefined) return file;
  }
  return MAC_APPS.find(isExecutable);
}

/** @param {string} apt */
async function installWithApt(apt) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Another package manager may hold the lock for a while; apt itself waits for it.
  const wait = ['-o', 'DPkg::Lock::Timeout=600', '-o', 'Acquire::Retries=3'];
  await runQuietly(apt, [...wait, 'update'], { env });
  await runQuietly(apt, [...wait, 'install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'], {
    env,
  });
}
