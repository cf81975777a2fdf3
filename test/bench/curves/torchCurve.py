"""The course of training in PyTorch, from the weights and with the batches that a file holds. Argument: a JSON plan; prints one JSON line with the losses.

With `perturb` above 0, every weight is first moved by at most one step of float32, by a generator of that seed: what differs then is noise.
"""
import importlib.util
import json
import pathlib
import sys

import numpy
import torch

spec = importlib.util.spec_from_file_location("torchPeer", pathlib.Path(__file__).parents[1] / "engine" / "torchPeer.py")
peer = importlib.util.module_from_spec(spec)
spec.loader.exec_module(peer)


def flow_batch(plan, arrays):
    """features [batch, 2 * pixels + 2]: image, noise, r, t."""
    features, pixels = torch.from_numpy(arrays["features"]), plan["side"] ** 2
    shape = (len(features), 1, plan["side"], plan["side"])
    return {"data": features[:, :pixels].reshape(shape), "noise": features[:, pixels : 2 * pixels].reshape(shape),
            "r": features[:, -2:-1], "t": features[:, -1:], "labels": torch.from_numpy(arrays["labels"])}


def token_batch(_plan, arrays):
    tokens = torch.from_numpy(arrays["tokens"]).long()
    return {"ids": tokens[:, :-1], "targets": tokens[:, 1:], "weights": torch.ones(tokens[:, 1:].shape)}


BATCHES = {"meanflow": flow_batch, "transformer": token_batch}


def main():
    plan = json.load(open(sys.argv[1]))
    torch.set_num_threads(plan["threads"])
    values = torch.from_numpy(numpy.fromfile(plan["weights"], numpy.float32))
    if plan["perturb"] > 0:
        generator = torch.Generator().manual_seed(plan["perturb"])
        away = torch.where(torch.rand(values.shape, generator=generator) < 0.5, -torch.inf, torch.inf)
        values = torch.where(torch.rand(values.shape, generator=generator) < 0.5, torch.nextafter(values, away), values)
    parameters, start = {}, 0
    for entry in plan["parameters"]:
        size = int(numpy.prod(entry["shape"]))
        parameters[entry["name"]] = values[start : start + size].clone().reshape(entry["shape"]).requires_grad_()
        start += size
    groups = [
        {"params": [parameters[e["name"]] for e in plan["parameters"] if e["decay"] == decays], "weight_decay": plan["weightDecay"] if decays else 0.0}
        for decays in (True, False)
    ]
    optimizer = torch.optim.AdamW(groups, lr=plan["learningRate"], betas=(0.9, 0.999), eps=1e-8)
    tensors = {e["name"]: numpy.memmap(e["file"], e["dtype"], "r", shape=tuple(e["shape"])) for e in plan["tensors"]}
    batch_of, loss_of, losses = BATCHES[plan["subject"]], peer.LOSSES[plan["subject"]], []
    for step in range(plan["steps"]):
        rows = slice(step * plan["batch"], (step + 1) * plan["batch"])
        batch = batch_of(plan, {name: numpy.array(each[rows]) for name, each in tensors.items()})
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(parameters, batch)
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = plan["learningRate"] * min(1, (step + 1) / plan["warmup"])
        optimizer.step()
        losses.append(float(loss.detach()))
    print(json.dumps({"version": torch.__version__, "losses": losses}), flush=True)


main()
