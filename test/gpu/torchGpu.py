"""The peer of the test on a GPU: the networks of the engine benchmark in PyTorch on CUDA (or the CPU, to try this file), with autocast and the fused AdamW.

Arguments: a JSON file as torchPeer.py takes it, with `device`, `precision`, `intervals`, and the folder of torchPeer.py.
Prints one JSON line with its version, then for every line on standard input (a number of steps) one with seconds and losses. Times are those of CUDA events.
"""
import json
import os
import sys
import time

plan = json.load(open(sys.argv[1]))
sys.path.insert(0, sys.argv[2])

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
import torchPeer  # noqa: E402

HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}


class ShortFunctions:
    """What autocast does to the functions of a network, said out loud: autocast and derivatives in forward mode do not go together (PyTorch 2.13)."""

    def __getattr__(self, name):
        return getattr(F, name)

    def layer_norm(self, x, *rest):
        return F.layer_norm(x.float(), *rest)

    def group_norm(self, x, *rest):
        return F.group_norm(x.float(), *rest)

    def conv2d(self, x, weight, bias, **options):
        return F.conv2d(x.to(self.half), weight.to(self.half), None if bias is None else bias.to(self.half), **options)

    def scaled_dot_product_attention(self, q, k, v):
        return F.scaled_dot_product_attention(q.to(self.half), k.to(self.half), v.to(self.half))


def short_linear(half):
    def linear(p, name, x):
        y = x.to(half) @ p[name + "/weight"].to(half)
        bias = p.get(name + "/bias")
        return y if bias is None else y + bias

    return linear


def short_attention(half):
    def attention(q, k, v):
        scores = (q * q.shape[-1] ** -0.5).to(half) @ k.transpose(-2, -1).to(half)
        return torch.softmax(scores.float(), -1).to(half) @ v.to(half)

    return attention


def say_casts(half):
    functions = ShortFunctions()
    functions.half = half
    torchPeer.F = functions
    torchPeer.linear = short_linear(half)
    torchPeer.written_out_attention = short_attention(half)
    # It was bound as the default when the function was made.
    torchPeer.attention.__defaults__ = (functions.scaled_dot_product_attention,)
    torchPeer.unet.__defaults__ = (functions.scaled_dot_product_attention, torchPeer.unet.__defaults__[1])


def meanflow_parts(p, b):
    """The first part of the batch has a derivative along its path, the rest is flow matching (src/recipes/meanflow/step.ts)."""
    first = plan["intervals"]
    head = {name: value[:first] for name, value in b.items()}
    tail = {name: value[first:] for name, value in b.items()}
    error = torch.cat([interval_error(p, head), instant_error(p, tail)])
    return (error / (error + 1e-3).sqrt().detach()).mean()


def path(b):
    velocity = b["noise"] - b["data"]
    return b["data"] + b["t"][:, :, None, None] * velocity, velocity


def interval_error(p, b):
    state, velocity = path(b)
    r, t = b["r"], b["t"]

    def mean_velocity(state, t):
        return torchPeer.unet(p, state, r, t, b["labels"], torchPeer.written_out_attention)

    u, slope = torch.func.jvp(mean_velocity, (state, t), (velocity, torch.ones_like(t)))
    target = (velocity - (t - r)[:, :, None, None] * slope).detach()
    return ((u - target) ** 2).float().mean((1, 2, 3))


def instant_error(p, b):
    state, velocity = path(b)
    return ((torchPeer.unet(p, state, b["t"], b["t"], b["labels"]) - velocity) ** 2).float().mean((1, 2, 3))


def loss_function():
    name = plan["subject"]
    if name.startswith(("unet51", "unetTiny")):
        return meanflow_parts
    return torchPeer.LOSSES["transformer" if name.startswith("transformer") else name]


def training_step(device):
    parameters, batch = torchPeer.read_tensors(plan, plan["channelsLast"])
    parameters = {name: value.detach().to(device).requires_grad_() for name, value in parameters.items()}
    batch = {name: value.to(device) for name, value in batch.items()}
    decays = {each["name"]: each["decay"] for each in plan["parameters"]}
    groups = [
        {"params": [p for n, p in parameters.items() if decays[n]], "weight_decay": plan["weightDecay"]},
        {"params": [p for n, p in parameters.items() if not decays[n]], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=plan["learningRate"], betas=(0.9, 0.999), eps=1e-8, fused=True)
    half = HALF.get(plan["precision"])
    derives_forward = "intervals" in plan or plan["subject"] == "meanflow"
    if half is not None and derives_forward:
        say_casts(half)
    scaler = torch.amp.GradScaler(device, init_scale=1024.0, growth_interval=10**9, enabled=plan["precision"] == "fp16")

    def forward(parameters, batch):
        with torch.autocast(device, dtype=half or torch.bfloat16, enabled=half is not None and not derives_forward):
            return loss_function()(parameters, batch)

    run = torch.compile(forward) if plan["compile"] else forward

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = run(parameters, batch)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        return loss.detach()

    return step


def seconds_of(device, work):
    if device != "cuda":
        start = time.perf_counter()
        work()
        return time.perf_counter() - start
    begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    torch.cuda.synchronize()
    begin.record()
    work()
    end.record()
    torch.cuda.synchronize()
    return begin.elapsed_time(end) / 1000


def main():
    device = plan["device"]
    if device == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("PyTorch sees no GPU")
    # Told in the report: float32 products take the tensor cores on both sides unless it is switched off for both.
    tf32 = os.environ.get("NVIDIA_TF32_OVERRIDE") != "0"
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    step = training_step(device)
    print(json.dumps({"version": f"{torch.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"}), flush=True)
    for line in sys.stdin:
        losses = []
        seconds = seconds_of(device, lambda: losses.extend(step() for _ in range(int(line))))
        print(json.dumps({"seconds": seconds, "used": seconds, "losses": [float(loss) for loss in losses]}), flush=True)


main()
