"""Models that learn: by a low-rank adapter (Hu et al., "LoRA", 2021), or with all their weights."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from transformers import PreTrainedModel

from agon_trainer.language.job import LanguageJob
from agon_trainer.language.models import Place, trim_memory
from agon_trainer.language.objectives import Objective
from agon_trainer.language.tuner import Setting, Weights

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, slots=True)
class LoraKind:
    """`alpha` over the rank (or over its root, `root`) is the scale. `ratio`: B learns so many times as fast as A."""

    alpha: float
    root: bool
    ratio: float
    decay: float


class LoraStudent:
    """The base is frozen, in bfloat16 where products are; the adapter learns in float32."""

    objective: Objective

    def __init__(self, model: PreTrainedModel, place: Place, job: LanguageJob, kind: LoraKind) -> None:
        self.model, self.job, self.kind = model, job, kind
        model.requires_grad_(requires_grad=False)
        self.targets = []
        for name, module in model.base_model.named_modules():
            if isinstance(module, torch.nn.Linear):
                if place.half:
                    module.to(torch.bfloat16)
                self.targets.append(name.rsplit(".", 1)[-1])
        self.targets = sorted(set(self.targets) & set(TARGETS))
        trim_memory()
        self._adapted: PeftModel | None = None

    def _config(self, rank: int) -> LoraConfig:
        base = self.job.named_base
        return LoraConfig(
            r=min(rank, self.job.rank_max),
            lora_alpha=self.kind.alpha,
            use_rslora=self.kind.root,
            lora_dropout=0.0,
            target_modules=self.targets,
            bias="none",
            task_type="CAUSAL_LM",
            base_model_name_or_path=base.name,
            revision=base.revision,
        )

    def begin(self, setting: Setting) -> list[torch.optim.Optimizer]:
        if self._adapted is not None:
            self._adapted.unload()
        self._adapted = get_peft_model(self.model, self._config(setting.rank))
        named = [(name, p) for name, p in self._adapted.named_parameters() if p.requires_grad]
        groups = [
            {"params": [p for name, p in named if "lora_A" in name], "lr": setting.rate},
            {"params": [p for name, p in named if "lora_B" in name], "lr": setting.rate * self.kind.ratio},
        ]
        return [torch.optim.AdamW(groups, betas=(0.9, 0.99), weight_decay=self.kind.decay)]

    def parameters(self) -> Sequence[torch.nn.Parameter]:
        return [p for p in self.model.parameters() if p.requires_grad]

    def weights(self) -> Weights:
        assert self._adapted is not None  # noqa: S101
        return {k: v.detach().float().cpu().clone() for k, v in get_peft_model_state_dict(self._adapted).items()}

    def resume(self, weights: Weights) -> None:
        assert self._adapted is not None  # noqa: S101
        set_peft_model_state_dict(self._adapted, dict(weights))

    @contextmanager
    def as_base(self) -> Iterator[None]:
        """Without the adapter."""
        if self._adapted is None:
            yield
            return
        with self._adapted.disable_adapter():
            yield

    def config(self, setting: Setting) -> dict[str, Any]:
        """The content of `adapter_config.json`."""
        fields = self._config(setting.rank).to_dict() | {"inference_mode": True}
        plain = {key: sorted(value) if isinstance(value, set) else value for key, value in fields.items()}
        return {key: getattr(value, "value", value) for key, value in plain.items()}


class FullStudent:
    """All weights learn; `optimizers` says how."""

    objective: Objective

    def __init__(
        self, model: PreTrainedModel, optimizers: Callable[[PreTrainedModel, Setting], list[torch.optim.Optimizer]]
    ) -> None:
        self.model, self._optimizers = model, optimizers
        model.requires_grad_(requires_grad=True)
        self._start = [p.detach().clone() for p in model.parameters()]

    def begin(self, setting: Setting) -> list[torch.optim.Optimizer]:
        with torch.no_grad():
            for parameter, start in zip(self.model.parameters(), self._start, strict=True):
                parameter.copy_(start)
        return self._optimizers(self.model, setting)

    def parameters(self) -> Sequence[torch.nn.Parameter]:
        return list(self.model.parameters())

    def weights(self) -> Weights:
        """Without the output embedding where it is the input's."""
        tied = self.model.config.tie_word_embeddings
        return {
            key: value.detach().cpu().clone()
            for key, value in self.model.state_dict().items()
            if not (tied and key == "lm_head.weight")
        }

    def resume(self, weights: Weights) -> None:
        self.model.load_state_dict(dict(weights), strict=False)

    @contextmanager
    def as_base(self) -> Iterator[None]:
        """With the weights of the base."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def _swap(self) -> None:
        for index, parameter in enumerate(self.model.parameters()):
            parameter.data, self._start[index] = self._start[index], parameter.data

    def config(self, dtype: torch.dtype) -> dict[str, Any]:
        """The content of `config.json`."""
        fields: dict[str, Any] = self.model.config.to_diff_dict()
        fields.pop("_name_or_path", None)
        return fields | {"architectures": [type(self.model).__name__], "dtype": str(dtype).removeprefix("torch.")}
