"""Runs one command inside a Modal sandbox and tells on its standard output all that belongs to the run.

Standard library only, Python 3.8 and later. argv[1] is JSON: {"command", "env", "workdir", "rundir", "archive"}.
Standard input: when "archive" is true, lines of base64 (a gzipped tar of the code) up to an empty line; later a line "stop" asks for the end.
Standard output, one JSON object a line: {"f": path, "o": offset, "d": base64} bytes of a file, {"f": path, "o": 0, "reset": true} before a file that
shrank is sent again, {"files": [[path, size, time], ...]} all files of the run directory, {"exit": code, "signal": number}.
A reader that begins anew gets everything again from the first line, so whoever applies the lines may apply them twice.
"""
import base64
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time

PIECE = 64 * 1024
LARGEST = 64 * 1024 * 1024
LOOK_SECONDS = 0.5
SENT_SUFFIXES = (".csv", ".json", ".jsonl", ".yaml", ".yml", ".log", ".txt", ".md", ".png", ".wandb")
SKIPPED_FOLDERS = {".git", ".venv", "venv", "node_modules", "__pycache__"}

out_lock = threading.Lock()


def tell(message):
    with out_lock:
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def receive_archive(folder):
    lines = []
    for line in sys.stdin:
        if line.strip() == "":
            break
        lines.append(line.strip())
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode("".join(lines))), mode="r:gz") as archive:
        archive.extractall(folder)


class Mirror:
    """Tells new bytes of files, as often as it is asked to look."""

    def __init__(self, rundir, workdir, started):
        self.rundir = rundir
        self.workdir = workdir
        self.started = started
        self.known = {}
        self.listed = None

    def look(self):
        files = []
        for path in walk(self.rundir):
            files.append((os.path.relpath(path, self.rundir), path))
        for path in walk(self.workdir):
            if not path.startswith(self.rundir + os.sep) and self.is_fresh(path):
                files.append((os.path.join("files", os.path.relpath(path, self.workdir)), path))
        for name, path in files:
            if is_sent(path):
                self.send(name, path)
        listing = [[name, size_of(path), time_of(path)] for name, path in files]
        if listing != self.listed:
            self.listed = listing
            tell({"files": listing})

    def is_fresh(self, path):
        return time_of(path) >= self.started

    def send(self, name, path):
        try:
            size = os.path.getsize(path)
            sent = self.known.get(name, 0)
            if size < sent:
                tell({"f": name, "o": 0, "reset": True})
                sent = 0
            if size > LARGEST:
                return
            with open(path, "rb") as file:
                file.seek(sent)
                while True:
                    piece = file.read(PIECE)
                    if not piece:
                        break
                    tell({"f": name, "o": sent, "d": base64.b64encode(piece).decode("ascii")})
                    sent += len(piece)
            self.known[name] = sent
        except OSError:
            pass  # It went, or is being replaced; the next look sees.


def walk(folder):
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        for name in sorted(names):
            yield os.path.join(here, name)


def is_sent(path):
    name = os.path.basename(path)
    return name.startswith("events.out.tfevents") or name.endswith(SENT_SUFFIXES)


def size_of(path):
    try:
        return os.path.getsize(path)
    except OSError:
        return -1


def time_of(path):
    try:
        return os.path.getmtime(path)
    except OSError:
        return -1.0


def listen_for_stop(child):
    for line in sys.stdin:
        if line.strip() == "stop":
            for number, patience in ((signal.SIGINT, 20), (signal.SIGTERM, 10), (signal.SIGKILL, 0)):
                try:
                    os.killpg(child.pid, number)
                except OSError:
                    return
                try:
                    child.wait(patience)
                    return
                except subprocess.TimeoutExpired:
                    pass


def main():
    job = json.loads(sys.argv[1])
    workdir, rundir = job["workdir"], job["rundir"]
    os.makedirs(workdir, exist_ok=True)
    os.makedirs(rundir, exist_ok=True)
    if job["archive"]:
        receive_archive(workdir)
    mirror = Mirror(rundir, workdir, time.time())
    environment = dict(os.environ, PYTHONUNBUFFERED="1", **job["env"])
    with open(os.path.join(rundir, "output.log"), "ab") as log:
        try:
            child = subprocess.Popen(
                job["command"], cwd=workdir, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True)
        except OSError as error:
            log.write(("%s: %s\n" % (job["command"][0], error)).encode())
            log.flush()
            mirror.look()
            tell({"exit": 127, "signal": None})
            return 127
    threading.Thread(target=listen_for_stop, args=(child,), daemon=True).start()
    while child.poll() is None:
        mirror.look()
        time.sleep(LOOK_SECONDS)
    mirror.look()
    code = child.returncode
    tell({"exit": None if code < 0 else code, "signal": -code if code < 0 else None})
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main())
