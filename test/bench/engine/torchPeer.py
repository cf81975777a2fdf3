"""The peer of the engine benchmark: the same networks in PyTorch, eager, with the fused AdamW.

Argument: a JSON file with the subject (or the dense layers of which only the matrix products are timed), the layout of the parameters and of the batch, and the file that holds their numbers.
Prints one JSON line with its version, then for every line on standard input (a number of steps) one with seconds, seconds of processor time and losses.
"""
import json
import math
import sys
import time

import numpy
import torch
import torch.nn.functional as F


def linear(p, name, x):
    y = x @ p[name + "/weight"]
    bias = p.get(name + "/bias")
    return y if bias is None else y + bias


def conv(p, name, x, stride=1):
    weight = p[name + "/weight"]
    return F.conv2d(x, weight, p.get(name + "/bias"), stride=stride, padding=weight.shape[-1] // 2)


def group_norm(p, name, x):
    channels = x.shape[1]
    groups = next((g for g in range(min(8, channels // 4), 1, -1) if channels % g == 0), 1)
    return F.group_norm(x, groups, p[name + "/gain"], p[name + "/bias"], 1e-5)


def written_out_attention(q, k, v):
    """The fused one has no derivative in forward mode."""
    return torch.softmax((q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1), -1) @ v


def attention(p, name, x, heads, mix=F.scaled_dot_product_attention):
    batch, tokens, width = x.shape
    packed = linear(p, name + "qkv", x).view(batch, tokens, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
    mixed = mix(packed[0], packed[1], packed[2])
    return linear(p, name + "out", mixed.transpose(1, 2).reshape(batch, tokens, width))


def time_features(time_, count=16):
    steps = torch.arange(count, dtype=torch.float32, device=time_.device) / (count - 1)
    angles = time_ * torch.pow(10.0, steps)
    return torch.cat([torch.sin(angles), torch.cos(angles)], 1)


def mlp_loss(p, b):
    hidden = F.relu(linear(p, "layer0", b["x"]))
    hidden = F.relu(linear(p, "layer1", hidden))
    return F.cross_entropy(linear(p, "output", hidden), b["y"])


def rms(x):
    return F.rms_norm(x, (x.shape[-1],), eps=1e-5)


def batch_norm(p, name, x):
    return F.batch_norm(x, None, None, p[name + "/gain"], p[name + "/bias"], training=True, eps=1e-5)


def resnet_loss(p, b):
    def normed(name, x, stride=1):
        return batch_norm(p, name + "/norm", conv(p, name, x, stride))

    hidden = F.relu(normed("in", b["x"]))
    for stage in range(4):
        for block in range(2):
            name = f"stage{stage}/block{block}"
            stride = 2 if stage > 0 and block == 0 else 1
            change = normed(name + "/conv1", F.relu(normed(name + "/conv0", hidden, stride)))
            skip = normed(name + "/skip", hidden, stride) if name + "/skip/weight" in p else hidden
            hidden = F.relu(change + skip)
    return F.cross_entropy(linear(p, "output", hidden.mean((2, 3))), b["y"])


def squared_relu(x):
    active = F.relu(x)
    return active * active


def dit_loss(p, b, heads=4, activation=squared_relu):
    r, t, labels = b["r"], b["t"], b["labels"]
    times = torch.cat([time_features(t), time_features(t - r)], 1)
    condition = F.silu(linear(p, "condition/time", times) + p["condition/class/table"][labels])
    hidden = linear(p, "patches", b["state"]) + p["positions"]
    shared = linear(p, "modulation", condition)
    layer = 0
    while f"layer{layer}/modulation" in p:
        name = f"layer{layer}"
        scale1, shift1, gate1, scale2, shift2, gate2 = (shared + p[name + "/modulation"]).unsqueeze(1).chunk(6, 2)
        hidden = hidden + gate1 * attention(p, name + "/attention/", rms(hidden) * scale1 + shift1, heads)
        wide = activation(linear(p, name + "/feedForward/in", rms(hidden) * scale2 + shift2))
        hidden = hidden + gate2 * linear(p, name + "/feedForward/out", wide)
        layer += 1
    scale = 1 + linear(p, "output/modulation", condition).unsqueeze(1)
    return F.mse_loss(linear(p, "output/projection", rms(hidden) * scale), b["target"])


def residual(p, name, x, condition):
    hidden = conv(p, name + "/conv0", F.silu(group_norm(p, name + "/norm0", x)))
    hidden = hidden + linear(p, name + "/class", condition)[:, :, None, None]
    change = conv(p, name + "/conv1", F.silu(group_norm(p, name + "/norm1", hidden)))
    skip = conv(p, name + "/skip", x) if name + "/skip/weight" in p else x
    return skip + change


def dits_loss(p, b):
    return dit_loss(p, b, heads=6, activation=F.gelu)


def turn(x, cosines, sines):
    half = x.shape[-1] // 2
    return x * cosines + torch.cat([-x[..., half:], x[..., :half]], -1) * sines


def token_loss(logits, b):
    losses = F.cross_entropy(logits.flatten(0, 1), b["targets"].flatten(), reduction="none")
    return (losses * b["weights"].flatten()).sum() / (b["weights"].sum() + 1e-9)


def transformer_loss(p, b, heads=8):
    hidden = F.embedding(b["ids"], p["embedding/table"])
    batch, tokens, width = hidden.shape
    each = width // heads
    device = hidden.device
    angles = torch.arange(tokens, device=device)[:, None] * 10000.0 ** (-torch.arange(0, each, 2, device=device) / each)
    cosines, sines = torch.cos(angles).repeat(1, 2), torch.sin(angles).repeat(1, 2)
    layer = 0
    while f"layer{layer}/attention/norm/gain" in p:
        name = f"layer{layer}/attention"
        normed = F.rms_norm(hidden, (width,), p[name + "/norm/gain"], 1e-5)
        q, k, v = (linear(p, f"{name}/{part}", normed).view(batch, tokens, heads, each).transpose(1, 2) for part in ("queries", "keys", "values"))
        mixed = F.scaled_dot_product_attention(turn(q, cosines, sines), turn(k, cosines, sines), v, is_causal=True)
        hidden = hidden + linear(p, name + "/out", mixed.transpose(1, 2).reshape(batch, tokens, width))
        name = f"layer{layer}/feedForward"
        normed = F.rms_norm(hidden, (width,), p[name + "/norm/gain"], 1e-5)
        hidden = hidden + linear(p, name + "/down", F.silu(linear(p, name + "/gate", normed)) * linear(p, name + "/up", normed))
        layer += 1
    return token_loss(linear(p, "output", F.rms_norm(hidden, (width,), p["norm/gain"], 1e-5)), b)


def layer_norm(p, name, x):
    return F.layer_norm(x, (x.shape[-1],), p[name + "/gain"], p[name + "/bias"], 1e-5)


def bytenet_loss(p, b, cycle=6):
    hidden = F.embedding(b["ids"], p["embedding/weight"])
    layer = 0
    while f"layer{layer}/dense/weight" in p:
        name = f"layer{layer}"
        weight = p[name + "/convolution/weight"]
        dilation = 2 ** (layer % cycle)
        planes = layer_norm(p, name + "/convolution/norm", hidden).transpose(1, 2)
        padding = dilation * (weight.shape[2] - 1) // 2
        convolved = F.conv1d(planes, weight, p[name + "/convolution/bias"], padding=padding, dilation=dilation)
        hidden = hidden + F.gelu(convolved).transpose(1, 2)
        hidden = hidden + F.gelu(linear(p, name + "/dense", layer_norm(p, name + "/dense/norm", hidden)))
        layer += 1
    return token_loss(linear(p, "output", layer_norm(p, "norm", hidden)), b)


def unet_loss(p, b):
    return F.mse_loss(unet(p, b["state"], b["r"], b["t"], b["labels"]), b["target"])


def meanflow_loss(p, b):
    """Geng et al., arXiv 2505.13447, equations 8 to 11 and 22."""
    data, noise, r, t, labels = b["data"], b["noise"], b["r"], b["t"], b["labels"]
    velocity = noise - data
    state = data + t[:, :, None, None] * velocity

    def mean_velocity(state, t):
        return unet(p, state, r, t, labels, written_out_attention)

    u, slope = torch.func.jvp(mean_velocity, (state, t), (velocity, torch.ones_like(t)))
    target = (velocity - (t - r)[:, :, None, None] * slope).detach()
    error = ((u - target) ** 2).mean((1, 2, 3))
    return (error / (error + 1e-3).sqrt().detach()).mean()


def unet(p, state, r, t, labels, mix=F.scaled_dot_product_attention, heads=4):
    batch, _, height, width = state.shape
    times = torch.cat([r, t], 1)[:, :, None, None].expand(batch, 2, height, width)
    condition = F.silu(p["class/table"][labels])
    hidden = conv(p, "in", torch.cat([state, times], 1))
    skips = []
    level = 0
    while f"down{level}/halve/weight" in p:
        hidden = residual(p, f"down{level}/block0", hidden, condition)
        skips.append(hidden)
        hidden = conv(p, f"down{level}/halve", hidden, 2)
        level += 1
    hidden = residual(p, "middle/block0", hidden, condition)
    channels = hidden.shape[1]
    tokens = hidden.flatten(2).transpose(1, 2)
    gain, bias = p["middle/attention/norm/gain"], p["middle/attention/norm/bias"]
    normed = F.layer_norm(tokens, (channels,), gain, bias, 1e-5)
    tokens = tokens + attention(p, "middle/attention/", normed, heads, mix)
    hidden = tokens.transpose(1, 2).reshape(hidden.shape)
    hidden = residual(p, "middle/block1", hidden, condition)
    while level > 0:
        level -= 1
        hidden = conv(p, f"up{level}/double", F.interpolate(hidden, scale_factor=2, mode="nearest"))
        hidden = residual(p, f"up{level}/block0", torch.cat([hidden, skips[level]], 1), condition)
    return conv(p, "out", F.silu(group_norm(p, "out/norm", hidden)))


LOSSES = {
    "mlp": mlp_loss,
    "resnet": resnet_loss,
    "unet": unet_loss,
    "meanflow": meanflow_loss,
    "dit": dit_loss,
    "dits": dits_loss,
    "transformer": transformer_loss,
    "bytenet": bytenet_loss,
}


def read_tensors(plan, channels_last):
    raw = open(plan["file"], "rb").read()

    def tensor(entry, dtype):
        count = math.prod(entry["shape"])
        values = numpy.frombuffer(raw, dtype, count, entry["offset"]).reshape(entry["shape"])
        result = torch.from_numpy(values.copy())
        return result.to(memory_format=torch.channels_last) if channels_last and result.dim() == 4 else result

    parameters = {e["name"]: tensor(e, numpy.float32).requires_grad_() for e in plan["parameters"]}
    batch = {e["name"]: tensor(e, numpy.int64 if e["kind"] == "class" else numpy.float32) for e in plan["batch"]}
    return parameters, batch


def training_step(plan):
    parameters, batch = read_tensors(plan, plan["channelsLast"])
    decays = {e["name"]: e["decay"] for e in plan["parameters"]}
    groups = [
        {"params": [p for n, p in parameters.items() if decays[n]], "weight_decay": plan["weightDecay"]},
        {"params": [p for n, p in parameters.items() if not decays[n]], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=plan["learningRate"], betas=(0.9, 0.999), eps=1e-8, fused=True)
    loss_of = LOSSES[plan["subject"]]
    if plan["compile"]:
        loss_of = torch.compile(loss_of)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(parameters, batch)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def products_step(plan):
    """The matrix products of dense layers alone, each into a matrix that is there already."""
    torch.manual_seed(3)
    runs = []
    for layer in plan["layers"]:
        rows, inputs, outputs = layer["rows"], layer["inputs"], layer["outputs"]
        x, w, dy = torch.randn(rows, inputs), torch.randn(inputs, outputs), torch.randn(rows, outputs)
        runs += [(x, w, torch.empty(rows, outputs)), (x.t(), dy, torch.empty(inputs, outputs))]
        if layer["inner"]:
            runs.append((dy, w.t(), torch.empty(rows, inputs)))

    def step():
        for _ in range(plan["times"]):
            for a, b, out in runs:
                torch.mm(a, b, out=out)
        return torch.zeros(())

    return step


def main():
    plan = json.load(open(sys.argv[1]))
    torch.set_num_threads(plan["threads"])
    step = products_step(plan) if "layers" in plan else training_step(plan)
    print(json.dumps({"version": torch.__version__}), flush=True)
    for line in sys.stdin:
        losses = []
        start, used = time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            losses.append(step())
        seconds, used = time.perf_counter() - start, time.process_time() - used
        print(json.dumps({"seconds": seconds, "used": used, "losses": [float(loss) for loss in losses]}), flush=True)


if __name__ == "__main__":
    main()
