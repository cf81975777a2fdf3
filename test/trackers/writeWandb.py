"""Writes a run with W&B, offline: writeWandb.py ID STEPS EXIT. EXIT is a code, or `raise`, `interrupt`, `wait` (to be killed). Prints what it logged as JSON."""

import json
import math
import sys
import time

import numpy as np
import wandb

run_id, steps, ending = sys.argv[1], int(sys.argv[2]), sys.argv[3]
run = wandb.init(
    project="live",
    name=f"live {run_id}",
    id=run_id,
    group="trackers",
    tags=["a", "b"],
    notes="a note",
    config={"lr": 1e-3, "net": {"depth": 4, "sizes": [1, 2]}, "text": "ü"},
    mode="offline",
)
run.define_metric("val/*", step_metric="epoch", summary="min")
random = np.random.default_rng(7)
logged = {}


def log(step, values):
    run.log(values, step=step)
    for name, value in values.items():
        if isinstance(value, (int, float)):
            logged.setdefault(name, []).append([step, value if math.isfinite(value) else str(value)])


for step in range(steps):
    values = {
        "loss": float(np.exp(-step / 100) + random.random() * 0.1),
        "flag": step % 2 == 0,
        "big": 2.0**60 + step,
        "tiny": 1e-310 * step,
        "bad": [math.nan, math.inf, -math.inf][step % 3],
        "n": {"a": step, "b": {"c": step / 7}},
        "word": f"step {step}",
        "nothing": None,
    }
    if step % 10 == 0:
        values |= {"val/loss": step / 3, "epoch": step // 10}
    if step % 100 == 5:
        values["picture"] = wandb.Image(np.full((8, 9, 3), step % 256, dtype="uint8"), caption=f"at {step}")
        values["pictures"] = [wandb.Image(np.full((4, 4), i * 50, dtype="uint8")) for i in range(3)]
        values["table"] = wandb.Table(columns=["a", "b"], data=[[step, "x"], [2, "y"]])
        values["weights"] = wandb.Histogram(random.standard_normal(100))
        values["page"] = wandb.Html(f"<b>{step}</b>")
    nested = values.pop("n")
    log(step, values)
    run.log({"n": nested}, step=step)
    logged.setdefault("n.a", []).append([step, nested["a"]])
    logged.setdefault("n.b.c", []).append([step, nested["b"]["c"]])
    if step % 20 == 0:
        print(f"at step {step}", flush=True)
        time.sleep(0.05)

print(json.dumps({"logged": logged}), file=sys.stderr, flush=True)
if ending == "raise":
    raise ValueError("this run failed on purpose")
if ending == "interrupt":
    raise KeyboardInterrupt
if ending == "wait":
    print("waiting", flush=True)
    time.sleep(600)
run.finish(exit_code=int(ending))
