"""All weights by Muon and AdamW where memory and upload allow it; a wide adapter with a fast B otherwise."""

import torch
from transformers import PreTrainedModel

from agon_trainer.language.causal import Plan
from agon_trainer.language.handing_in import checkpoint_dtype, hand_in_adapter, hand_in_checkpoint
from agon_trainer.language.job import LanguageJob
from agon_trainer.language.models import PROCESS_BYTES, Place
from agon_trainer.language.students import FullStudent, LoraKind, LoraStudent
from agon_trainer.language.tuner import Setting, Weights

BYTES_A_PARAMETER = 24  # weights, gradients, two moments, the base's copy and the best one's
WIDE = LoraKind(alpha=16, root=True, ratio=8.0, decay=0.01)
FULL_SETTINGS = (Setting(8e-3, 0), Setting(2.5e-3, 0), Setting(1e-3, 0))
WIDE_SETTINGS = (Setting(2e-4, 64), Setting(6e-4, 64), Setting(7e-5, 64))


def plan(job: LanguageJob, model: PreTrainedModel, place: Place) -> Plan:
    """Full tuning if the model is small for the job's limits."""
    count = sum(p.numel() for p in model.parameters())
    fits = 2 * count < 0.95 * job.submission_bytes and BYTES_A_PARAMETER * count + PROCESS_BYTES < job.memory_bytes
    return _full(job, model, count) if fits else _wide(job, model, place)


def _full(job: LanguageJob, model: PreTrainedModel, count: int) -> Plan:
    student = FullStudent(model, _optimizers)
    dtype = checkpoint_dtype(count, job.submission_bytes)

    def hand_in(_: Setting, weights: Weights) -> int:
        return hand_in_checkpoint(job, student.config(dtype), {key: value.to(dtype) for key, value in weights.items()})

    return Plan(student, FULL_SETTINGS, hand_in)


def _optimizers(model: PreTrainedModel, setting: Setting) -> list[torch.optim.Optimizer]:
    """Muon (orthogonalised momentum; Jordan et al., 2024) for matrices inside the layers, AdamW for the rest."""
    embeddings = {id(module.weight) for module in (model.get_input_embeddings(), model.get_output_embeddings())}
    parameters = list(model.parameters())
    matrices = [p for p in parameters if p.ndim == 2 and id(p) not in embeddings]
    chosen = {id(p) for p in matrices}
    others = [p for p in parameters if id(p) not in chosen]
    return [
        torch.optim.Muon(matrices, lr=setting.rate, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=setting.rate, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def _wide(job: LanguageJob, model: PreTrainedModel, place: Place) -> Plan:
    """Rank-stabilised (Kalajdzievski, 2023), with B faster than A (Hayou et al., "LoRA+", 2024)."""
    student = LoraStudent(model, place, job, WIDE)

    def hand_in(setting: Setting, weights: Weights) -> int:
        return hand_in_adapter(job, student.config(setting), weights)

    return Plan(student, WIDE_SETTINGS, hand_in)
