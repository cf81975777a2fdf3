"""Trains a tiny network with the Trainer of transformers, and prints its log. Arguments: folder, steps."""

import json
import sys
import time

import torch
from transformers import Trainer, TrainerCallback, TrainingArguments


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def forward(self, x, labels=None):
        loss = (self.layer(x) - labels).square().mean()
        return {"loss": loss, "logits": loss.unsqueeze(0)}


class Slow(TrainerCallback):
    def on_step_end(self, args, state, control, **kwargs):
        time.sleep(0.02)


folder, steps = sys.argv[1], int(sys.argv[2])
torch.manual_seed(0)
data = [{"x": torch.randn(4), "labels": torch.ones(1)} for _ in range(16)]
trainer = Trainer(
    model=Net(),
    args=TrainingArguments(
        output_dir=folder,
        max_steps=steps,
        logging_steps=3,
        save_steps=10,
        eval_strategy="steps",
        eval_steps=10,
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
    ),
    train_dataset=data,
    eval_dataset=data,
    callbacks=[Slow()],
)
trainer.train()
trainer.save_state()
print("LOGGED " + json.dumps(trainer.state.log_history))
