/** Where the worker of a user lives. Pure: the caller gives what it knows of the machine. */
export interface MachineFacts {
  readonly platform: string;
  readonly home: string;
  readonly temporary: string;
  readonly uid: number;
  readonly env: { readonly [name: string]: string | undefined };
}

export interface WorkerPaths {
  /** Database, lock, worker log; private to the user. `TRAINYARD_HOME` moves it. */
  readonly home: string;
  /** Socket path, or the name of a pipe on Windows. Short, since socket paths are limited to about 100 bytes. */
  readonly socket: string;
  readonly database: string;
  readonly lock: string;
  readonly log: string;
}

/** The worker's places for this user. Different homes give different sockets, so tests do not meet the user's own worker. */
export function workerPaths(machine: MachineFacts): WorkerPaths {
  const home = machine.env['TRAINYARD_HOME'] ?? defaultHome(machine);
  const separator = machine.platform === 'win32' ? '\\' : '/';
  const inHome = (name: string): string => `${home}${separator}${name}`;
  return {
    home,
    socket: socketPath(machine, home),
    database: inHome('trainyard.db'),
    lock: inHome('worker.lock'),
    log: inHome('worker.log'),
  };
}

function defaultHome({ platform, home, env }: MachineFacts): string {
  if (platform === 'win32') return `${env['LOCALAPPDATA'] ?? `${home}\\AppData\\Local`}\\trainyard`;
  if (platform === 'darwin') return `${home}/Library/Application Support/trainyard`;
  return `${env['XDG_STATE_HOME'] ?? `${home}/.local/state`}/trainyard`;
}

/** The socket lies in the runtime directory where there is one: it is private, local and short. */
function socketPath({ platform, temporary, uid, env }: MachineFacts, home: string): string {
  const name = `trainyard-${hash32(home)}`;
  if (platform === 'win32') return `\\\\.\\pipe\\${name}-${uid}`;
  const runtime = env['XDG_RUNTIME_DIR'];
  const folder = runtime !== undefined && runtime.length < 60 ? runtime : `${temporary}/trainyard-${uid}`;
  return `${folder}/${name}.sock`;
}

/** FNV-1a, 32 bits, as 8 hex digits (http://www.isthe.com/chongo/tech/comp/fnv/). */
function hash32(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
