"""Writes a run of event files: writeTensorboard.py LIBRARY FOLDER STEPS ENDING. LIBRARY is torch or tensorboardX; ENDING is `close` or `wait` (to be killed). Prints what it logged as JSON."""

import json
import math
import sys
import time

import numpy as np

library, folder, steps, ending = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
if library == "torch":
    from torch.utils.tensorboard import SummaryWriter
else:
    from tensorboardX import SummaryWriter

writer = SummaryWriter(folder, flush_secs=1)
random = np.random.default_rng(7)
scalars = {}
media = {}


def scalar(tag, value, step, **more):
    writer.add_scalar(tag, value, step, **more)
    # Both libraries keep a float32.
    kept = float(np.float32(value))
    scalars.setdefault(tag, []).append([step, kept if math.isfinite(kept) else str(kept)])


def count(tag):
    media[tag] = media.get(tag, 0) + 1


def log_media(step):
    writer.add_histogram("weights", random.standard_normal(500), step)
    count("weights histogram")
    writer.add_image("picture", random.random((3, 8, 9)), step)
    count("picture image")
    writer.add_text("note", f"at **{step}**", step)
    count("note/text_summary text")
    writer.add_pr_curve("curve", random.integers(0, 2, 100), random.random(100), step)
    count("curve curve")
    if library == "torch":
        writer.add_audio("sound", np.zeros(100, dtype="float32"), step, sample_rate=8000)
        count("sound audio")


with np.errstate(over="ignore"):
    for step in range(steps):
        scalar("train/loss", math.exp(-step / 100) + random.random() * 0.1, step)
        scalar("bad", [math.nan, math.inf, -math.inf, 1e300, 1e-46][step % 5], step)
        # A loop that starts again logs the same steps.
        scalar("again", step, step % 50)
        if step % 10 == 0:
            # tensorboardX puts underscores for other characters.
            scalar("val/a b(c)" if library == "torch" else "val/a_b", -step, step * 10**9)
        if step % 40 == 7:
            log_media(step)
        if step % 20 == 0:
            time.sleep(0.1)
if library == "torch" and ending == "close":
    writer.add_hparams({"lr": 0.1, "amp": True, "name": "adam"}, {"hparam/loss": 0.5}, run_name="hparams")
writer.flush()
print(json.dumps({"scalars": scalars, "media": media}), flush=True)
if ending == "wait":
    time.sleep(600)
writer.close()
