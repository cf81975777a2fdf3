"""Trainyard's agent on a host behind ssh. Standard library only, Python 3.6 or later, nothing installed.

It runs in three ways, all from this one text:
  as agent   read from standard input by a one-line bootstrap: answers framed calls until the connection ends
  as shim    `python3 agent.py shim RUN`: runs the command of RUN/command.json once for ever, outlives every connection
  as ladder  `python3 agent.py ladder RUN`: ends a job whose shim was killed

Files of a run over there (written whole under another name, synced, renamed), <base>/runs/<id>/:
  command.json argv, folder, environment   claim.json who took it   state.json heartbeat   stop.json somebody wants its end
  exit.json how it ended   output.log   work/ its own copy of the code
Contents of code lie once in <base>/objects by their SHA-256; <base>/code/<hash>.json names the files of one state of the code.
"""
import errno
import fcntl
import hashlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
import zlib

MAGIC = b'\0trainyard-agent 1\n'
# Time of change of every file that was placed; a file with another one was written by the job.
PLACED_NS = 1000000000 * 10 ** 9
HEARTBEAT_SECONDS = 2.0
STOP_POLL_SECONDS = 0.2
LAST_WORD_SECONDS = 3600
SILENCE_SECONDS = 600
MAX_OUTPUT = 32 * 1024 * 1024
SKIPPED_FOLDERS = frozenset(['.git', '.hg', '.svn', 'node_modules', '__pycache__', '.venv', 'venv', '.tox', 'site-packages', '.cache'])
MAX_FOLDERS = 4000
CALLS = frozenset(['hello', 'ping', 'run', 'cancel', 'write', 'read', 'missing', 'put', 'append', 'place', 'launch', 'stop', 'poll', 'remove'])
ERRNO_CODES = {
    errno.ENOSPC: 'disk-full', errno.EDQUOT: 'disk-full', errno.EACCES: 'read-only', errno.EPERM: 'read-only',
    errno.EROFS: 'read-only', errno.ENOENT: 'not-found', errno.ENOTDIR: 'not-found',
}


class Refused(Exception):
    """A call that cannot be answered, with the code that it has on the other side."""

    def __init__(self, code, message):
        Exception.__init__(self, message)
        self.code = code


# ---------------------------------------------------------------- files

def encoded(path):
    """A path as bytes: the locale of a login without LANG must not decide which letters names may have."""
    if path == '~' or path.startswith('~/'):
        path = os.path.expanduser('~') + path[1:]
    return path.encode('utf-8')


def decoded(name):
    return name.decode('utf-8', 'surrogateescape')


def unique():
    """The end of a name that no other thread of any agent uses."""
    return ('.tmp-%d-%d' % (os.getpid(), threading.get_ident())).encode('ascii')


def write_whole(path, content, mode=0o600):
    temporary = path + unique()
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, 'wb') as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.rename(temporary, path)
    except BaseException:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise
    sync_folder(os.path.dirname(path))


def sync_folder(folder):
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # Some network file systems refuse to sync folders.
    finally:
        os.close(descriptor)


def write_json(path, value):
    write_whole(path, json.dumps(value).encode('utf-8'))


def read_json(path):
    try:
        with open(path, 'rb') as file:
            return json.loads(file.read().decode('utf-8'))
    except (OSError, ValueError):
        return None


def make_folder(path):
    os.makedirs(path, mode=0o700, exist_ok=True)


# ---------------------------------------------------------------- processes

def boot_id():
    try:
        with open('/proc/sys/kernel/random/boot_id') as file:
            return file.read().strip()
    except OSError:
        return 'unknown'


def start_time(pid):
    """Field 22 of /proc/PID/stat, or what ps says of the start; None for a process that is gone or a zombie."""
    if os.path.isdir('/proc/self'):
        try:
            with open('/proc/%d/stat' % pid, 'rb') as file:
                fields = file.read().rsplit(b')', 1)[1].split()
        except (OSError, IndexError):
            return None
        return None if fields[0] in (b'Z', b'X') else fields[19].decode('ascii')
    try:
        said = subprocess.check_output(['ps', '-o', 'stat=,lstart=', '-p', str(pid)], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return None
    words = said.decode('utf-8', 'replace').split()
    return None if not words or words[0].startswith('Z') else ' '.join(words[1:])


def identify(pid):
    return {'pid': pid, 'startTime': start_time(pid), 'bootId': boot_id()}


def is_alive(identity):
    if not identity or identity.get('startTime') is None:
        return False
    return identity['bootId'] == boot_id() and start_time(identity['pid']) == identity['startTime']


def signal_group(pid, number):
    # What it started in sessions of their own, as torchrun does, nobody else would end once it is gone.
    apart = descendants_apart(pid) if number == signal.SIGKILL else []
    for kill, one in [(os.killpg, pid)] + [(os.kill, one) for one in apart]:
        try:
            kill(one, number)
        except OSError:
            pass  # It has ended meanwhile, which is what the signal was for.


def descendants_apart(leader):
    """Descendants of a process that are not of its group; none where /proc does not tell."""
    children, groups = {}, {}
    for name in os.listdir('/proc') if os.path.isdir('/proc') else ():
        try:
            with open('/proc/%d/stat' % int(name), 'rb') as file:
                fields = file.read().rpartition(b')')[2].split()
        except (OSError, ValueError):
            continue
        children.setdefault(int(fields[1]), []).append(int(name))
        groups[int(name)] = int(fields[2])
    found, waiting = [], [leader]
    while waiting:
        below = children.get(waiting.pop(), [])
        waiting.extend(below)
        found.extend(pid for pid in below if groups[pid] != leader)
    return found


# ---------------------------------------------------------------- shim

def run_shim(run):
    """Takes the job and sees it through. Its first line on standard output says whether it took it; then it lets go of everybody."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Handlers, never "ignore": an ignored signal is inherited, and a job that ignores SIGINT cannot be asked to end.
        signal.signal(number, note_signal)
    shim = identify(os.getpid())
    command = read_json(os.path.join(run, b'command.json'))
    if not claim(run, {'runId': command['id'], 'shim': shim}):
        say({'claimed': False})
        return
    state = {'runId': command['id'], 'shim': shim, 'startedAt': time.time()}
    beat(run, state)
    ending = supervise(run, command, state)
    ending.update(runId=command['id'], endedAt=time.time(), stopRequested=read_json(os.path.join(run, b'stop.json')) is not None)
    leave_last_word(run, ending)


asked_by_signal = []


def note_signal(number, _frame):
    if number != signal.SIGHUP:
        asked_by_signal.append(number)


def claim(run, content):
    """Makes claim.json once for ever. A hard link is there whole or not at all, so nobody reads half a claim."""
    path = os.path.join(run, b'claim.json')
    temporary = path + ('.tmp-%d' % os.getpid()).encode('ascii')
    with open(temporary, 'wb') as file:
        file.write(json.dumps(content).encode('utf-8'))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)
    except OSError as problem:
        if problem.errno == errno.EEXIST:
            return False
        # A file system without hard links: exclusive creation decides, at the price of a moment with half a file.
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as second:
            if second.errno == errno.EEXIST:
                return False
            raise
        with os.fdopen(descriptor, 'wb') as file:
            file.write(json.dumps(content).encode('utf-8'))
    finally:
        os.unlink(temporary)
    sync_folder(run)
    return True


def supervise(run, command, state):
    if read_json(os.path.join(run, b'stop.json')) is not None:
        say({'claimed': True})
        return {'code': 130, 'signal': None, 'error': 'It was stopped before it started.'}
    try:
        child = start_command(run, command)
    except (OSError, ValueError) as problem:
        say({'claimed': True})
        return {'code': 127, 'signal': None, 'error': 'The command could not be started: %s' % problem}
    state['child'] = identify(child.pid)
    beat(run, state)
    say({'claimed': True, 'pid': child.pid})
    ended = threading.Event()
    threading.Thread(target=lambda: (child.wait(), ended.set()), daemon=True).start()
    ladder = Ladder(child.pid)
    beaten = time.monotonic()
    while not ended.wait(STOP_POLL_SECONDS):
        ladder.step(read_json(os.path.join(run, b'stop.json')))
        if time.monotonic() - beaten >= HEARTBEAT_SECONDS:
            beat(run, state)
            beaten = time.monotonic()
    code = child.returncode
    if code >= 0:
        return {'code': code, 'signal': None}
    return {'code': None, 'signal': signal_name(-code)}


def start_command(run, command):
    folder = encoded(command['cwd'])
    if not os.path.isdir(folder):
        raise OSError(errno.ENOENT, 'there is no folder %s' % command['cwd'])
    environment = dict(os.environb)
    for name, value in command['env'].items():
        environment[name.encode('utf-8')] = value.encode('utf-8')
    log = os.open(os.path.join(run, b'output.log'), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    mask = os.umask(command['umask'])
    try:
        return subprocess.Popen(
            [word.encode('utf-8') for word in command['command']], cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, close_fds=True)
    finally:
        os.umask(mask)
        os.close(log)


class Nursery:
    """
    A process that forks shims: starting a Python anew costs most of a launch. It is forked itself before this process has threads, and has one thread
    and no tie to the connection, so that forking is safe and a shim keeps nobody's pipe open.
    """

    def __init__(self):
        requests, self.requests = os.pipe()
        answers, answered = os.pipe()
        if os.fork() == 0:
            try:
                os.close(self.requests)
                os.close(answers)
                nowhere = os.open(os.devnull, os.O_RDWR)
                for descriptor in (0, 1, 2):
                    os.dup2(nowhere, descriptor)
                os.setsid()
                self.serve(requests, answered)
            finally:
                os._exit(0)
        os.close(requests)
        os.close(answered)
        self.answers = os.fdopen(answers, 'rb')

    def start(self, run):
        """What the new shim says, or None where the nursery is gone."""
        try:
            os.write(self.requests, json.dumps(decoded(run)).encode('utf-8') + b'\n')
            line = self.answers.readline()
        except OSError:
            return None
        return json.loads(line.decode('utf-8')) if line.endswith(b'\n') else None

    def serve(self, requests, answered):
        with os.fdopen(requests, 'rb') as lines:
            for line in lines:
                run = os.fsencode(json.loads(line.decode('utf-8')))
                report, reported = os.pipe()
                middle = os.fork()
                if middle == 0:
                    # The shim is nobody's child, so that nobody has to take note of its end.
                    if os.fork() == 0:
                        os.close(answered)
                        os.close(report)
                        become_shim(run, reported)
                    os._exit(0)
                os.close(reported)
                os.waitpid(middle, 0)
                with os.fdopen(report, 'rb') as words:
                    said = words.readline()
                os.write(answered, said if said.endswith(b'\n') else b'{"error": "the shim was killed", "code": "internal"}\n')


def become_shim(run, reported):
    os.setsid()
    os.chdir(run)
    os.dup2(reported, 1)
    os.close(reported)
    try:
        run_shim(run)
    except OSError as problem:
        say({'error': str(problem), 'code': ERRNO_CODES.get(problem.errno, 'internal')})
    except BaseException as problem:
        say({'error': '%s: %s' % (type(problem).__name__, problem), 'code': 'internal'})
    finally:
        os._exit(0)


def signal_name(number):
    try:
        return signal.Signals(number).name
    except ValueError:
        return 'SIG%d' % number


def beat(run, state):
    """A heartbeat that cannot be written is missed; the job does not suffer for it."""
    try:
        write_json(os.path.join(run, b'state.json'), dict(state, heartbeatAt=time.time()))
    except OSError:
        pass


def leave_last_word(run, ending):
    deadline = time.monotonic() + LAST_WORD_SECONDS
    while True:
        try:
            write_json(os.path.join(run, b'exit.json'), ending)
            return
        except OSError as problem:
            if problem.errno == errno.ENOENT or time.monotonic() > deadline:
                raise
        time.sleep(1)


def say(report):
    """The one line for whoever started the shim; afterwards standard output belongs to nobody."""
    try:
        os.write(1, json.dumps(report).encode('utf-8') + b'\n')
    except OSError:
        pass
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


class Ladder:
    """SIGINT, then SIGTERM, then SIGKILL, each once, to the whole group. Waits are counted from when the request was seen: clocks of two machines differ."""

    def __init__(self, pid):
        self.pid = pid
        self.since = None
        self.last = None

    def step(self, request):
        if request is None and asked_by_signal:
            request = {'force': False, 'interruptMs': 10000, 'terminateMs': 5000}
        if request is None:
            return
        if self.since is None:
            self.since = time.monotonic()
        waited = (time.monotonic() - self.since) * 1000
        if request.get('force') or waited >= request['interruptMs'] + request['terminateMs']:
            due = signal.SIGKILL
        elif waited >= request['interruptMs']:
            due = signal.SIGTERM
        else:
            due = signal.SIGINT
        if due != self.last:
            self.last = due
            signal_group(self.pid, due)


def run_ladder(run):
    """Ends a job that has no shim any more."""
    child = (read_json(os.path.join(run, b'state.json')) or {}).get('child')
    if child is None:
        return
    ladder = Ladder(child['pid'])
    while is_alive(child):
        ladder.step(read_json(os.path.join(run, b'stop.json')))
        time.sleep(STOP_POLL_SECONDS)


# ---------------------------------------------------------------- agent: calls

class Agent:
    """The calls by name. Each takes its arguments and the bytes that came along, and gives a tree and bytes."""

    def __init__(self, source):
        self.source = source
        self.mask = os.umask(0o077)
        self.running = {}
        self.lock = threading.Lock()
        self.launching = {}
        self.nursery = Nursery()
        self.views = {}

    def hello(self, _arguments, _content):
        return {'python': sys.version.split()[0], 'home': os.path.expanduser('~'), 'now': time.time(), 'pid': os.getpid()}, b''

    def ping(self, _arguments, _content):
        return {'now': time.time()}, b''

    # -- programs

    def run(self, arguments, content):
        command = arguments['command']
        environment = dict(os.environb)
        for name, value in arguments.get('env', {}).items():
            environment[name.encode('utf-8')] = value.encode('utf-8')
        folder = arguments.get('cwd')
        try:
            child = subprocess.Popen(
                [word.encode('utf-8') for word in command], cwd=None if folder is None else encoded(folder), env=environment,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, close_fds=True)
        except OSError as problem:
            said = ('%s could not be started: %s\n' % (command[0], problem)).encode('utf-8', 'replace')
            return {'code': 127, 'out': 0}, said
        self.running[arguments['call']] = child
        try:
            out, error = child.communicate(content, timeout=arguments.get('timeout'))
        except subprocess.TimeoutExpired:
            signal_group(child.pid, signal.SIGKILL)
            child.stdout.close()
            child.stderr.close()
            raise Refused('timeout', '%s gave no answer within %g s and was ended.' % (command[0], arguments['timeout']))
        finally:
            self.running.pop(arguments['call'], None)
        code = child.returncode if child.returncode >= 0 else 128 - child.returncode
        out = out[:MAX_OUTPUT]
        return {'code': code, 'out': len(out)}, out + error[:MAX_OUTPUT]

    def cancel(self, arguments, _content):
        child = self.running.get(arguments['target'])
        if child is not None:
            signal_group(child.pid, signal.SIGKILL)
        return {}, b''

    # -- files

    def write(self, arguments, content):
        path = encoded(arguments['path'])
        make_folder(os.path.dirname(path))
        write_whole(path, content)
        return {}, b''

    def read(self, arguments, _content):
        """A piece of a file. `checks` are pieces that the caller has already, as [from, length, crc32]: where one differs, the file is another one."""
        try:
            file = open(encoded(arguments['path']), 'rb')
        except OSError as problem:
            if problem.errno in (errno.ENOENT, errno.ENOTDIR):
                return {'found': False}, b''
            raise
        with file:
            facts = os.fstat(file.fileno())
            start = arguments['from']
            if facts.st_size < start or not self.agrees(file, arguments.get('checks', [])):
                start = 0
            file.seek(start)
            content = file.read(max(0, arguments['max']))
        packed = zlib.compress(content, 1) if len(content) > 4096 else None
        answer = {'found': True, 'size': facts.st_size, 'from': start, 'packed': packed is not None}
        return answer, packed if packed is not None else content

    def agrees(self, file, checks):
        for start, length, crc in checks:
            file.seek(start)
            if zlib.crc32(file.read(length)) != crc:
                return False
        return True

    # -- code

    def missing(self, arguments, _content):
        base = encoded(arguments['base'])
        return {'missing': [name for name in arguments['hashes'] if not os.path.exists(object_path(base, name))]}, b''

    def put(self, arguments, content):
        """Contents one after the other, packed as a whole; `items` are [hash, size]."""
        base = encoded(arguments['base'])
        data = zlib.decompress(content)
        position = 0
        for name, size in arguments['items']:
            piece = data[position:position + size]
            position += size
            if hashlib.sha256(piece).hexdigest() != name:
                raise Refused('bad-data', 'A file arrived damaged.')
            path = object_path(base, name)
            make_folder(os.path.dirname(path))
            if not os.path.exists(path):
                write_whole(path, piece)
        return {}, b''

    def append(self, arguments, content):
        """A large content in pieces, in order. The last one is checked and takes its place; a piece out of order answers with where to go on."""
        base = encoded(arguments['base'])
        path = object_path(base, arguments['hash'])
        make_folder(os.path.dirname(path))
        part = path + b'.part'
        with open(part, 'ab') as file:
            # The agent of a connection that broke may still be at it.
            fcntl.flock(file, fcntl.LOCK_EX)
            if os.path.exists(path):
                os.unlink(part)
                return {'have': arguments['size']}, b''
            have = file.tell()
            if arguments['from'] != have:
                return {'have': have}, b''
            file.write(zlib.decompress(content))
            file.flush()
            have = file.tell()
            if have < arguments['size']:
                return {'have': have}, b''
            os.fsync(file.fileno())
            if hash_file(part) != arguments['hash']:
                os.unlink(part)
                raise Refused('bad-data', 'A file arrived damaged; it is sent anew at the next attempt.')
            os.rename(part, path)
        return {'have': have}, b''

    # -- jobs

    def launch(self, arguments, _content):
        """Starts a job unless somebody has. Says what of the code is missing here, where something is."""
        run = run_folder(arguments)
        with self.alone(run):
            make_folder(run)
            if os.path.exists(os.path.join(run, b'claim.json')):
                return {'kind': 'started', 'again': True}, b''
            lacking = place_files(encoded(arguments['base']), run, arguments)
            if lacking is not None:
                return lacking, b''
            stop = arguments.get('stop')
            if stop is not None:
                write_json(os.path.join(run, b'stop.json'), stop)
            command = dict(arguments['command'], umask=self.mask)
            write_json(os.path.join(run, b'command.json'), command)
            report = self.start_shim(encoded(arguments['base']), run)
        return dict(report, kind='started'), b''

    def place(self, arguments, _content):
        """Puts a run's code and inputs in place and starts nothing: for jobs that a scheduler over there starts."""
        run = run_folder(arguments)
        with self.alone(run):
            make_folder(run)
            lacking = place_files(encoded(arguments['base']), run, arguments)
        return {'kind': 'started'} if lacking is None else lacking, b''

    def alone(self, run):
        """A lock per run: two calls for one run must not place its files at once, other runs need not wait."""
        with self.lock:
            return self.launching.setdefault(run, threading.Lock())

    def start_shim(self, base, run):
        with self.lock:
            report = self.nursery.start(run)
        if report is None:
            return self.start_fresh_shim(base, run)
        if 'error' in report:
            raise Refused(report['code'], 'The job could not be started: %s' % report['error'])
        return report

    def start_fresh_shim(self, base, run):
        """With an interpreter of its own: slower, and always possible."""
        shim = self.spawn(base, b'shim', run, subprocess.PIPE)
        line = shim.stdout.readline()
        shim.stdout.close()
        complaint = shim.stderr.read(4000) if not line else b''
        shim.stderr.close()
        if line:
            return json.loads(line.decode('utf-8'))
        text = complaint.decode('utf-8', 'replace').strip().split('\n')[-1]
        is_full = 'No space left' in text or 'quota' in text
        raise Refused('disk-full' if is_full else 'internal', 'The job could not be started: %s' % text)

    def spawn(self, base, mode, run, output):
        path = os.path.join(base, b'agent', hashlib.sha256(self.source).hexdigest()[:16].encode('ascii') + b'.py')
        if not os.path.exists(path):
            make_folder(os.path.dirname(path))
            write_whole(path, self.source)
        child = subprocess.Popen(
            [sys.executable.encode('utf-8'), path, mode, run], cwd=run, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True, close_fds=True)
        # Somebody must take note of its end, or it stays as a zombie for as long as this agent lives.
        threading.Thread(target=child.wait, daemon=True).start()
        return child

    def stop(self, arguments, _content):
        run = run_folder(arguments)
        path = os.path.join(run, b'stop.json')
        if not os.path.isdir(run):
            return {'found': False}, b''
        known = read_json(path)
        request = arguments['request']
        if known is None or (request.get('force') and not known.get('force')):
            write_json(path, request)
        state = read_json(os.path.join(run, b'state.json')) or {}
        if is_alive(state.get('child')) and not is_alive(state.get('shim')):
            self.spawn(encoded(arguments['base']), b'ladder', run, subprocess.DEVNULL)
        return {'found': True}, b''

    def poll(self, arguments, _content):
        """How jobs are, and which of their files changed since this agent last said so. `full`: all files."""
        interesting = re.compile(arguments['interesting'])
        jobs = []
        for job in arguments['jobs']:
            run = run_folder({'base': arguments['base'], 'id': job['id']})
            answer = presence(run)
            answer['id'] = job['id']
            if job.get('full') or job['id'] not in self.views:
                self.views[job['id']] = RunView(run, job.get('workdir'))
            view = self.views[job['id']]
            answer['files'] = view.changed(interesting)
            answer['cut'] = view.cut
            jobs.append(answer)
        return {'now': time.time(), 'jobs': jobs}, b''


    def remove(self, arguments, _content):
        """Removes a run's folder, unless something of the run lives. A name that no run can have comes first, so a cut leaves no half run."""
        run = run_folder(arguments)
        runs = os.path.dirname(run)
        here = presence(run)
        if here.get('shim') or here.get('alive'):
            raise Refused('conflict', 'The run has not ended over there.')
        freed = 0
        if here['found']:
            os.rename(run, os.path.join(runs, b'.removed-' + os.path.basename(run) + unique()))
        self.views.pop(arguments['id'], None)
        for name in os.listdir(runs) if os.path.isdir(runs) else ():
            if name.startswith(b'.removed-'):
                freed += tree_size(os.path.join(runs, name))
                remove_tree(os.path.join(runs, name))
        return {'found': here['found'], 'bytes': freed}, b''


def run_folder(arguments):
    name = arguments['id']
    if not re.match(r'^[A-Za-z0-9_.-]+$', name) or name.startswith('.'):
        raise Refused('bad-argument', 'A run cannot be called %r.' % name)
    return os.path.join(encoded(arguments['base']), b'runs', name.encode('ascii'))


def presence(run):
    """How a job is. The exit is read last: the shim may write its last word between two looks."""
    if not os.path.isdir(run):
        return {'found': False}
    claimed = read_json(os.path.join(run, b'claim.json'))
    state = read_json(os.path.join(run, b'state.json'))
    shim = is_alive((claimed or {}).get('shim'))
    child = (state or {}).get('child')
    alive = is_alive(child)
    answer = {'found': True, 'claimed': claimed is not None, 'shim': shim, 'alive': alive}
    if child is not None:
        answer['pid'] = child['pid']
    if state is not None:
        answer['startedAt'] = state['startedAt']
        answer['rebooted'] = state['shim']['bootId'] != boot_id()
    ending = read_json(os.path.join(run, b'exit.json'))
    if ending is not None:
        answer['exit'] = ending
    return answer


class RunView:
    """What this agent has told of a run's files. A folder whose own time did not change is not listed again; its files are only asked for their size."""

    def __init__(self, run, workdir):
        self.run = run
        self.work = os.path.join(run, b'work') if workdir is None else encoded(workdir)
        self.is_shared = workdir is not None
        self.folders = {}
        self.told = {}
        self.cut = False

    def changed(self, interesting):
        self.cut = False
        found = []
        self.walk(self.run, b'', interesting, found, skipped=(b'work', b'inputs', b'command.json', b'claim.json', b'state.json', b'stop.json', b'exit.json'))
        own = len(found)
        self.walk(self.work, b'work', interesting, found, skipped=())
        since = self.started() if self.is_shared else None
        changed = []
        for index, (name, facts) in enumerate(found):
            signature = (facts.st_size, facts.st_mtime_ns, facts.st_ino)
            if self.told.get(name) == signature:
                continue
            self.told[name] = signature
            if index >= own and self.is_old(facts, since):
                continue
            changed.append([decoded(name), facts.st_size, facts.st_mtime_ns // 1000000, str(facts.st_ino)])
        return changed

    def started(self):
        state = read_json(os.path.join(self.run, b'state.json'))
        return None if state is None else state['startedAt'] - 1

    def is_old(self, facts, since):
        """Whether the file was there before the job, as it is now."""
        if self.is_shared:
            return since is None or facts.st_mtime < since
        return facts.st_mtime_ns == PLACED_NS

    def walk(self, top, prefix, interesting, found, skipped):
        waiting = [(top, prefix)]
        seen = 0
        while waiting:
            folder, name = waiting.pop()
            seen += 1
            if seen > MAX_FOLDERS:
                self.cut = True
                return
            for kind, entry in self.listed(folder, interesting):
                if name == prefix and (entry in skipped or b'.tmp-' in entry):
                    continue
                path = os.path.join(folder, entry)
                inner = entry if name == b'' else name + b'/' + entry
                if kind == 'folder':
                    waiting.append((path, inner))
                    continue
                try:
                    found.append((inner, os.lstat(path)))
                except OSError:
                    pass

    def listed(self, folder, interesting):
        try:
            time_ns = os.lstat(folder).st_mtime_ns
        except OSError:
            return ()
        known = self.folders.get(folder)
        if known is not None and known[0] == time_ns and known[1] == interesting.pattern:
            return known[2]
        entries = []
        try:
            with os.scandir(folder) as listing:
                for entry in listing:
                    text = decoded(entry.name)
                    if entry.is_dir(follow_symlinks=False):
                        if text not in SKIPPED_FOLDERS:
                            entries.append(('folder', entry.name))
                    elif entry.is_file(follow_symlinks=False) and interesting.search(decoded(os.path.basename(folder)) + '/' + text):
                        entries.append(('file', entry.name))
        except OSError:
            return ()
        # A folder that changed a moment ago may change again within the same tick of its clock.
        if time.time() - time_ns / 1e9 > 3:
            self.folders[folder] = (time_ns, interesting.pattern, entries)
        return entries


# ---------------------------------------------------------------- code

def object_path(base, name):
    if not re.match(r'^[0-9a-f]{64}$', name):
        raise Refused('bad-argument', 'That is no SHA-256.')
    return os.path.join(base, b'objects', name[:2].encode('ascii'), name.encode('ascii'))


def hash_file(path):
    total = hashlib.sha256()
    with open(path, 'rb') as file:
        for piece in iter(lambda: file.read(1 << 20), b''):
            total.update(piece)
    return total.hexdigest()


def place_files(base, run, arguments):
    """Puts the code and the further inputs of a run in place, unless they are there. What is missing for it, or None."""
    inputs = arguments.get('inputs', [])
    missing = [name for _file, name in inputs if not os.path.exists(object_path(base, name))]
    if missing:
        return {'kind': 'objects-missing', 'missing': missing}
    for file, name in inputs:
        target = os.path.join(run, b'inputs', inner_path(file))
        if not os.path.exists(target):
            make_folder(os.path.dirname(target))
            temporary = target + unique()
            copy_object(object_path(base, name), temporary, 'file')
            os.rename(temporary, target)
    code = arguments.get('code')
    if code is None or os.path.isdir(os.path.join(run, b'work')):
        return None
    return place_code(base, run, code)


def place_code(base, run, code):
    """Makes the run's own copy of the code, whole or not at all. What is missing for it, or None."""
    manifest_path = os.path.join(base, b'code', code['hash'].encode('ascii') + b'.json')
    files = code.get('files') or read_json(manifest_path)
    if files is None:
        return {'kind': 'manifest-missing'}
    missing = sorted(set(name for _path, _mode, name in files if not os.path.exists(object_path(base, name))))
    if missing:
        return {'kind': 'objects-missing', 'missing': missing}
    if code.get('files'):
        make_folder(os.path.dirname(manifest_path))
        write_json(manifest_path, files)
    temporary = os.path.join(run, b'work.tmp' + unique())
    os.mkdir(temporary)
    for path, mode, name in files:
        target = os.path.join(temporary, inner_path(path))
        make_folder(os.path.dirname(target))
        copy_object(object_path(base, name), target, mode)
    try:
        os.rename(temporary, os.path.join(run, b'work'))
    except OSError:
        # Another agent, of a connection that broke, was quicker.
        if not os.path.isdir(os.path.join(run, b'work')):
            raise
        remove_tree(temporary)
    sync_folder(run)
    return None


def inner_path(path):
    parts = path.split('/')
    if path.startswith('/') or '..' in parts or '' in parts:
        raise Refused('bad-argument', 'The path %r leaves its folder.' % path)
    return path.encode('utf-8', 'surrogateescape')


def copy_object(source, target, mode):
    if mode == 'link':
        with open(source, 'rb') as file:
            os.symlink(file.read(), target)
        return
    with open(source, 'rb') as reader, open(target, 'wb') as writer:
        for piece in iter(lambda: reader.read(1 << 20), b''):
            writer.write(piece)
    os.chmod(target, 0o700 if mode == 'program' else 0o600)
    os.utime(target, ns=(PLACED_NS, PLACED_NS))


def tree_size(path):
    """Bytes on the disk: a file with several names counts for nothing here, since its other names keep it."""
    total = 0
    for folder, _folders, files in os.walk(path):
        for name in files:
            facts = os.lstat(os.path.join(folder, name))
            if facts.st_nlink == 1:
                total += facts.st_blocks * 512
    return total


def remove_tree(path):
    if not os.path.isdir(path):
        return
    for folder, folders, files in os.walk(path, topdown=False):
        for name in files:
            os.unlink(os.path.join(folder, name))
        for name in folders:
            inner = os.path.join(folder, name)
            (os.unlink if stat.S_ISLNK(os.lstat(inner).st_mode) else os.rmdir)(inner)
    os.rmdir(path)


# ---------------------------------------------------------------- agent: the line

def serve(source):
    """Frames both ways: a line with two lengths, a tree as JSON, bytes. Every call has a thread, so that a slow one holds up nobody."""
    reader = sys.stdin.buffer
    # Nothing that prints by accident may get between the frames.
    writer = os.fdopen(os.dup(1), 'wb', 0)
    os.dup2(2, 1)
    lock = threading.Lock()
    agent = Agent(source)
    last_heard = [time.monotonic()]

    def answer(tree, content):
        head = json.dumps(tree).encode('utf-8')
        with lock:
            for piece in (b'%d %d\n' % (len(head), len(content)), head, content):
                view = memoryview(piece)
                while view:
                    view = view[writer.write(view):]

    def work(call, content):
        try:
            if call['method'] not in CALLS:
                raise Refused('bad-argument', 'There is no call %r.' % call['method'])
            result, data = getattr(agent, call['method'])(dict(call['arguments'], call=call['id']), content)
            tree = {'id': call['id'], 'result': result}
        except Refused as problem:
            tree, data = {'id': call['id'], 'error': {'code': problem.code, 'message': str(problem)}}, b''
        except OSError as problem:
            code = ERRNO_CODES.get(problem.errno, 'internal')
            tree, data = {'id': call['id'], 'error': {'code': code, 'message': str(problem)}}, b''
        except BaseException as problem:
            tree, data = {'id': call['id'], 'error': {'code': 'internal', 'message': '%s: %s' % (type(problem).__name__, problem)}}, b''
        try:
            answer(tree, data)
        except OSError:
            os._exit(0)

    def watch_silence():
        # A connection that died without a word leaves nobody to close standard input. The other side pings.
        while time.monotonic() - last_heard[0] < SILENCE_SECONDS:
            time.sleep(30)
        os._exit(0)

    threading.Thread(target=watch_silence, daemon=True).start()
    with lock:
        writer.write(MAGIC)
    while True:
        line = reader.readline()
        if not line:
            os._exit(0)
        head_length, content_length = (int(word) for word in line.split())
        head, content = reader.read(head_length), reader.read(content_length)
        if len(head) < head_length or len(content) < content_length:
            os._exit(0)
        last_heard[0] = time.monotonic()
        threading.Thread(target=work, args=(json.loads(head.decode('utf-8')), content), daemon=True).start()


if __name__ == '__agent__':
    serve(SOURCE)  # noqa: F821 (given by the bootstrap)
elif __name__ == '__main__':
    {'shim': run_shim, 'ladder': run_ladder}[sys.argv[1]](os.fsencode(sys.argv[2]))
