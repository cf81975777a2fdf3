"""Trains a tiny network with Lightning and its CSVLogger, and prints what the logger was given. Arguments: folder, epochs."""

import json
import sys
import time

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger


class Recording(CSVLogger):
    calls = []

    def log_metrics(self, metrics, step=None):
        plain = {name: value.item() if isinstance(value, torch.Tensor) else value for name, value in metrics.items()}
        self.calls.append([step, plain])
        super().log_metrics(metrics, step)


class Net(LightningModule):
    def __init__(self, lr, sizes):
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(sizes[0], sizes[1])

    def training_step(self, batch, index):
        time.sleep(0.02)
        loss = self.layer(batch).square().mean()
        self.log("train/loss", loss)
        self.log("train/nothing", float("nan") if index % 3 == 0 else float("-inf"))
        return loss

    def validation_step(self, batch, index):
        # The metric appears after the first epoch: the table gets a wider header.
        if not self.trainer.sanity_checking:
            self.log("val/loss", self.layer(batch).abs().mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)


folder, epochs = sys.argv[1], int(sys.argv[2])
torch.manual_seed(0)
data = torch.utils.data.DataLoader(torch.randn(24, 4), batch_size=2)
csv = Recording(folder, name="csv", flush_logs_every_n_steps=3)
trainer = Trainer(
    max_epochs=epochs,
    logger=[csv, TensorBoardLogger(folder, name="tensorboard")],
    log_every_n_steps=1,
    accelerator="cpu",
    enable_progress_bar=False,
    enable_model_summary=False,
    default_root_dir=folder,
)
trainer.fit(Net(0.01, [4, 2]), data, data)
print("LOGGED " + json.dumps(Recording.calls))
