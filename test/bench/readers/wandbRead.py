"""Reads the history of a W&B log in Python: wandbRead.py LOG [texts]. With `texts`, values stay JSON texts. Prints what that took and how many values there are."""

import json
import struct
import sys
import time
import zlib

from wandb.proto import wandb_internal_pb2 as protocol


def records(path):
    """The records, by wandb's own reader where the installed version has it (up to 0.29), else by the same steps."""
    try:
        from wandb.sdk.internal.datastore import DataStore
    except ImportError:
        yield from framed(path)
        return
    store = DataStore()
    store.open_for_scan(path)
    while (data := store.scan_data()) is not None:
        yield data


def framed(path):
    seeds = [zlib.crc32(bytes([kind])) for kind in range(5)]
    with open(path, "rb") as file:
        position = len(file.read(7))
        whole = b""
        while True:
            left = 32768 - position % 32768
            if left < 7:
                position += len(file.read(left))
            header = file.read(7)
            if len(header) < 7:
                return
            checksum, length, kind = struct.unpack("<IHB", header)
            data = file.read(length)
            if len(data) < length:
                return
            assert zlib.crc32(data, seeds[kind]) == checksum
            position += 7 + length
            if kind == 1:
                yield data
            elif kind == 4:
                yield whole + data
            else:
                whole = data if kind == 2 else whole + data


path, keep_texts = sys.argv[1], sys.argv[2:] == ["texts"]
read = (lambda text: text) if keep_texts else json.loads
start = time.perf_counter()
columns = {}
values = 0
for data in records(path):
    record = protocol.Record()
    record.ParseFromString(data)
    if record.WhichOneof("record_type") != "history":
        continue
    for item in record.history.item:
        key = item.key or ".".join(item.nested_key)
        columns.setdefault(key, []).append(read(item.value_json))
        values += 1
milliseconds = (time.perf_counter() - start) * 1000
print(json.dumps({"milliseconds": milliseconds, "values": values, "tags": len(columns)}))
