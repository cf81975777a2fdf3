"""Reads one run of a tracker's database with CPython's sqlite3 into columns per tag, and prints how long that took. Arguments: trackio or mlflow, the file, the run."""

import json
import os
import sqlite3
import sys
import time
from array import array
from datetime import datetime

kind, file, run = sys.argv[1:]
start, before = time.perf_counter(), os.times()
connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
columns = {}


def add(tag, step, wall, value):
    column = columns.get(tag)
    if column is None:
        column = columns[tag] = (array("d"), array("d"), array("d"))
    column[0].append(step)
    column[1].append(wall)
    column[2].append(value)


if kind == "trackio":
    for step, timestamp, metrics in connection.execute("SELECT step, timestamp, metrics FROM metrics WHERE run_id = ? ORDER BY id", (run,)):
        wall = datetime.fromisoformat(timestamp).timestamp()
        for tag, value in json.loads(metrics).items():
            add(tag, step, wall, value)
else:
    query = "SELECT key, step, timestamp, value, is_nan FROM metrics WHERE run_uuid = ? ORDER BY rowid"
    for key, step, timestamp, value, is_nan in connection.execute(query, (run,)):
        add(key, step, timestamp / 1000, float("nan") if is_nan else value)
milliseconds, after = (time.perf_counter() - start) * 1000, os.times()
processor = {"userMilliseconds": (after.user - before.user) * 1000, "systemMilliseconds": (after.system - before.system) * 1000}
print(json.dumps({"milliseconds": milliseconds, **processor, "scalars": sum(len(column[0]) for column in columns.values()), "version": sqlite3.sqlite_version, "python": sys.version.split()[0]}))
