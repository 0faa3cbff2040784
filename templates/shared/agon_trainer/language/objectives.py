"""What is learned: the loss of a batch of rows for each task, and the job's metric on held-out rows."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel

from agon_trainer.language.models import Place
from agon_trainer.language.rows import Example, Pair
from agon_trainer.metrics import selection_loss

BETA = 0.1
LOGITS_A_SLICE = 1 << 25
ACCURACY_TIE_WEIGHT = 0.05


class Objective(Protocol):
    """Rows are named by their index."""

    lengths: Sequence[int]

    def loss(self, rows: Sequence[int]) -> tuple[torch.Tensor, float]:
        """The loss summed over the rows, and their weight: the mean is the one over the other."""

    def judge(self, batches: Sequence[Sequence[int]]) -> float:
        """The job's metric, as a loss: smaller is better."""


def token_log_probabilities(model: PreTrainedModel, place: Place, rows: Sequence[Example]) -> list[torch.Tensor]:
    """For each row ln p of its completion tokens, float32.

    Rows are padded at their end, where causal attention does not look, so no mask is needed. Only completion positions
    are projected to the vocabulary, in slices.
    """
    longest = max(len(row.tokens) for row in rows)
    tokens = torch.zeros((len(rows), longest), dtype=torch.long)
    scored = torch.zeros((len(rows), longest), dtype=torch.bool)
    for index, row in enumerate(rows):
        tokens[index, : len(row.tokens)] = torch.tensor(row.tokens)
        scored[index, : len(row.scored)] = torch.tensor(row.scored)
    tokens, scored = tokens.to(place.device), scored.to(place.device)
    counts = [row.completion_tokens for row in rows]
    with place.precision():
        hidden = model.base_model(input_ids=tokens, use_cache=False).last_hidden_state
        hidden, wanted = hidden[:, :-1][scored[:, 1:]], tokens[:, 1:][scored[:, 1:]]
        step = max(1, LOGITS_A_SLICE // model.config.vocab_size)
        found = [_slice(model, hidden[i : i + step], wanted[i : i + step]) for i in range(0, len(wanted), step)]
    return list(torch.cat(found).split(counts))


def _slice(model: PreTrainedModel, hidden: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    def score(part: torch.Tensor) -> torch.Tensor:
        return -F.cross_entropy(model.get_output_embeddings()(part).float(), wanted, reduction="none")

    if torch.is_grad_enabled() and len(wanted) * model.config.vocab_size > LOGITS_A_SLICE // 2:
        return torch.as_tensor(checkpoint(score, hidden, use_reentrant=False))
    return score(hidden)


class ChatObjective:
    """Nats per completion token."""

    def __init__(self, model: PreTrainedModel, place: Place, examples: Sequence[Example]) -> None:
        self.model, self.place, self.examples = model, place, examples
        self.lengths = [len(example.tokens) for example in examples]

    def loss(self, rows: Sequence[int]) -> tuple[torch.Tensor, float]:
        found = token_log_probabilities(self.model, self.place, [self.examples[row] for row in rows])
        return -torch.cat(found).sum(), float(sum(len(part) for part in found))

    @torch.no_grad()
    def judge(self, batches: Sequence[Sequence[int]]) -> float:
        parts = [self.loss(rows) for rows in batches]
        return float(sum(loss.item() for loss, _ in parts) / sum(weight for _, weight in parts))


class PreferenceObjective:
    """Direct preference optimisation (Rafailov et al., 2023) against the base model, which `as_base` brings back."""

    def __init__(
        self,
        model: PreTrainedModel,
        place: Place,
        pairs: Sequence[Pair],
        metric: str,
        as_base: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self.model, self.place, self.pairs, self.metric, self.as_base = model, place, pairs, metric, as_base
        self.lengths = [2 * max(len(pair.chosen.tokens), len(pair.rejected.tokens)) for pair in pairs]
        self._base: dict[int, float] = {}

    def loss(self, rows: Sequence[int]) -> tuple[torch.Tensor, float]:
        return -F.logsigmoid(BETA * self._margins(rows)).sum(), float(len(rows))

    @torch.no_grad()
    def judge(self, batches: Sequence[Sequence[int]]) -> float:
        margins = torch.cat([self._margins(rows) for rows in batches])
        loss = float(-F.logsigmoid(BETA * margins).mean())
        if self.metric != "preference_accuracy":
            return loss
        right = float(((margins > 0).float() + 0.5 * (margins == 0).float()).mean())
        return 1 - right + ACCURACY_TIE_WEIGHT * loss

    def _margins(self, rows: Sequence[int]) -> torch.Tensor:
        """How much more the model prefers the chosen answers than the base does: [rows]."""
        missing = [row for row in rows if row not in self._base]
        if missing:
            with torch.no_grad(), self.as_base():
                self._base |= dict(zip(missing, self._preferences(missing).tolist(), strict=True))
        base = torch.tensor([self._base[row] for row in rows], device=self.place.device)
        return self._preferences(rows) - base

    def _preferences(self, rows: Sequence[int]) -> torch.Tensor:
        """ln p(chosen) - ln p(rejected): [rows]."""
        sides = [self.pairs[row].chosen for row in rows] + [self.pairs[row].rejected for row in rows]
        sums = torch.stack([part.sum() for part in token_log_probabilities(self.model, self.place, sides)])
        return sums[: len(rows)] - sums[len(rows) :]


class LabelObjective:
    """Cross entropy of classes, from an encoder with a head."""

    def __init__(
        self, model: PreTrainedModel, place: Place, texts: Sequence[Sequence[int]], labels: Sequence[int], metric: str
    ) -> None:
        self.model, self.place, self.texts, self.labels, self.metric = model, place, texts, labels, metric
        self.lengths = [len(text) for text in texts]

    def loss(self, rows: Sequence[int]) -> tuple[torch.Tensor, float]:
        wanted = torch.tensor([self.labels[row] for row in rows], device=self.place.device)
        return F.cross_entropy(self._logits(rows), wanted, reduction="sum"), float(len(rows))

    @torch.no_grad()
    def judge(self, batches: Sequence[Sequence[int]]) -> float:
        self.model.eval()
        found = torch.cat([self._logits(rows).softmax(dim=1) for rows in batches]).cpu().numpy()
        self.model.train()
        return selection_loss(self.metric, np.array([self.labels[row] for rows in batches for row in rows]), found)

    def _logits(self, rows: Sequence[int]) -> torch.Tensor:
        """[rows, classes], float32."""
        longest = max(self.lengths[row] for row in rows)
        tokens = torch.zeros((len(rows), longest), dtype=torch.long)
        mask = torch.zeros((len(rows), longest), dtype=torch.long)
        for index, row in enumerate(rows):
            tokens[index, : self.lengths[row]] = torch.tensor(self.texts[row])
            mask[index, : self.lengths[row]] = 1
        with self.place.precision():
            found = self.model(input_ids=tokens.to(self.place.device), attention_mask=mask.to(self.place.device))
        return torch.as_tensor(found.logits.float())
