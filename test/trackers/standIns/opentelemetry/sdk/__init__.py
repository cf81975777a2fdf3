"""Stands in for opentelemetry-sdk where a registry lacks it: wandb needs one name of it to be imported, for telemetry that is never sent here."""
