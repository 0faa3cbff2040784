"""Writes adapters and checkpoints to `out/`, each file whole or not at all."""

import json
from typing import Any

import torch
from safetensors.torch import save

from agon_trainer.errors import ExportError
from agon_trainer.job import Means
from agon_trainer.language.tuner import Weights
from agon_trainer.submission import write


def hand_in_adapter(job: Means, config: dict[str, Any], weights: Weights) -> int:
    """A LoRA adapter as peft writes it. Returns its bytes. Raises ExportError; writes nothing then."""
    return _hand_in(job, "peft-lora", "adapter_config.json", config, "adapter_model.safetensors", weights)


def hand_in_checkpoint(job: Means, config: dict[str, Any], weights: Weights) -> int:
    """A whole model. Returns its bytes. Raises ExportError; writes nothing then."""
    return _hand_in(job, "hf-checkpoint", "config.json", config, "model.safetensors", weights)


def checkpoint_dtype(parameters: int, submission_bytes: int) -> torch.dtype:
    """Full precision where it takes little of what may be sent, half otherwise."""
    return torch.float32 if 4 * parameters <= submission_bytes // 4 else torch.float16


def _hand_in(
    job: Means, name: str, config_file: str, config: dict[str, Any], weights_file: str, weights: Weights
) -> int:
    if not all(bool(torch.isfinite(tensor).all()) for tensor in weights.values()):
        raise ExportError("The weights have values that are not finite. Nothing is submitted.")
    content = save({key: tensor.contiguous() for key, tensor in weights.items()}, metadata={"format": "pt"})
    described = json.dumps(config, indent=2, sort_keys=True).encode()
    size = len(content) + len(described)
    if size > job.submission_bytes:
        raise ExportError(f"The files have {size} bytes; the job allows {job.submission_bytes}.")
    job.out.mkdir(parents=True, exist_ok=True)
    write(job.out / config_file, described)
    write(job.out / weights_file, content)
    write(job.out / "submission.json", json.dumps({"format": name, "files": [config_file, weights_file]}).encode())
    return size
