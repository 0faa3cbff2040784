"""Tuning against the clock: short trials of settings, then rounds of training whose rate falls to zero in time.

Each round starts from the base; the first starts from the best trial. The weights that did best on held-out rows at any
look are what is handed in. A round that only learns its rows by heart is broken off; the next is as long as was good.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch

from agon_trainer.clock import Clock
from agon_trainer.language.batches import make_batches
from agon_trainer.language.models import trim_memory
from agon_trainer.language.objectives import Objective
from agon_trainer.progress import Progress

Weights = Mapping[str, torch.Tensor]

JUDGE_SHARE = 0.025
JUDGED_ROWS_MIN = 20
LOOKS_A_ROUND = 10
TRIAL_SHARE = 0.05
TRIAL_STEPS_MIN = 12
STEPS_A_ROUND = 400
STEPS_AN_EPOCH = 8
STEP_TOKENS_MIN = 512
STEP_TOKENS_MAX = 16_384
WORSE_LOOKS_MAX = 3
WORSE = 1.01
NORM_MAX = 1.0
RATE_CHANGES = (1.0, 0.5, 2.0)


@dataclass(frozen=True, slots=True)
class Setting:
    """`rank` is 0 where all weights learn."""

    rate: float
    rank: int


class Student(Protocol):
    """A model that learns. `parameters` are those that do."""

    objective: Objective

    def begin(self, setting: Setting) -> list[torch.optim.Optimizer]:
        """Back to the base. Each group's `lr` is its highest."""

    def parameters(self) -> Sequence[torch.nn.Parameter]: ...

    def weights(self) -> Weights:
        """A copy of what would be handed in."""

    def resume(self, weights: Weights) -> None:
        """Put such a copy in place."""


class Best:
    """The weights that did best so far, and the setting that they are of. May be read by another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.loss = float("inf")
        self.taken: tuple[Setting, Weights] | None = None

    def offer(self, loss: float, setting: Setting, student: Student) -> bool:
        """Keep a copy if it is better; the first is kept whatever it does."""
        if self.taken is not None and not loss < self.loss:
            return False
        weights = student.weights()
        with self._lock:
            self.loss, self.taken = loss, (setting, weights)
        return True


@dataclass(slots=True)
class _Round:
    setting: Setting
    seconds: float
    best_loss: float = float("inf")
    best_after: float = 0.0
    steps: int = 0
    worse_looks: int = 0


class Tuner:
    """`train` and `held_out` are indices of the objective's rows."""

    def __init__(
        self,
        student: Student,
        train: Sequence[int],
        held_out: Sequence[int],
        batch_tokens: int,
        seed: int,
        clock: Clock,
        progress: Progress,
    ) -> None:
        self.student, self.train, self.held_out = student, train, list(held_out)
        self.batch_tokens, self.clock, self.progress = batch_tokens, clock, progress
        self.best = Best()
        self.base_loss = float("inf")
        self._chance = np.random.default_rng(seed)
        self._judge_seconds = 0.0
        self._tokens_a_second = 0.0
        self._queue: list[list[int]] = []
        torch.manual_seed(seed)

    def run(self, settings: Sequence[Setting]) -> None:
        """Until the clock stops. `settings` are those worth a trial; the first is the one where there is no time."""
        self._choose_judged()
        start = self.clock.left
        setting, resumed = self._try(settings)
        seconds = self.clock.left
        for number in range(1_000):
            if self.clock.stopping or (number and (seconds > 1.2 * self.clock.left or start < 1)):
                return
            ended = self._round(replace(setting, rate=setting.rate * self._change(number)), seconds, resumed)
            resumed = None
            self.progress.say(
                f"round {number}: loss {ended.best_loss:.4f} after {ended.best_after:.0f} of {ended.seconds:.0f} s, "
                f"{ended.steps} steps, rate {ended.setting.rate:.2g}"
            )
            if ended.best_loss <= self.best.loss:
                seconds = max(1.2 * ended.best_after, 5 * self._judge_seconds, 1.0)

    def _change(self, number: int) -> float:
        return RATE_CHANGES[number % len(RATE_CHANGES)]

    def _choose_judged(self) -> None:
        """As many held-out rows as can be judged in little time; judges the base by them."""
        self._judge(self.held_out[:2])  # the first call of a model is slow
        self.base_loss = self._judge(self.held_out[:JUDGED_ROWS_MIN])
        affordable = int(JUDGE_SHARE * self.clock.left / max(self._judge_seconds, 1e-3) * JUDGED_ROWS_MIN)
        self.held_out = self.held_out[: max(JUDGED_ROWS_MIN, affordable)]
        if len(self.held_out) > JUDGED_ROWS_MIN:
            self.base_loss = self._judge(self.held_out)
        tokens = sum(self.student.objective.lengths[row] for row in self.held_out)
        self._tokens_a_second = tokens / max(self._judge_seconds, 1e-3) / 3
        self.progress.say(
            f"{len(self.train)} rows to learn from, {len(self.held_out)} to judge by; the base's loss is "
            f"{self.base_loss:.4f}; {self.clock.left:.0f} s to train",
            base_loss=self.base_loss,
        )

    def _try(self, settings: Sequence[Setting]) -> tuple[Setting, Weights | None]:
        """The best of short trials, and what it has learned; the first where there is no time for trials."""
        seconds = TRIAL_SHARE * self.clock.left
        steps = (seconds - self._judge_seconds) * self._tokens_a_second / self._step_tokens(seconds)
        if len(settings) < 2 or steps < TRIAL_STEPS_MIN:
            return settings[0], None
        found: list[tuple[float, Setting, Weights]] = []
        for setting in settings:
            ended = self._round(setting, seconds, None, looks=1)
            if self.clock.stopping:
                break
            found.append((ended.best_loss, setting, self.student.weights()))
            self.progress.say(
                f"trial: loss {ended.best_loss:.4f}, rate {setting.rate:.2g}, rank {setting.rank}, {ended.steps} steps",
                trial_loss=ended.best_loss,
            )
            if ended.steps < TRIAL_STEPS_MIN and ended.best_loss < self.base_loss:
                break  # slower than thought, and no harm done: more trials would tell little
        if not found:
            return settings[0], None
        _, setting, weights = min(found, key=lambda each: each[0])
        return setting, weights

    def _round(self, setting: Setting, seconds: float, resumed: Weights | None, looks: int = LOOKS_A_ROUND) -> _Round:
        """Train for `seconds`, the last judgement included."""
        this = _Round(setting, seconds)
        optimizers = self.student.begin(setting)
        if resumed is not None:
            self.student.resume(resumed)
        peaks = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
        learning = max(0.1, seconds - 1.5 * self._judge_seconds)
        step_tokens = self._step_tokens(learning)
        warm = max(3, min(20, int(0.05 * learning * self._tokens_a_second / step_tokens)))
        pause = max(learning / looks, 12 * self._judge_seconds) if looks > 1 else learning
        started = time.time()
        looked, share = started, 0.0
        while share < 1 and not self.clock.stopping and this.worse_looks < WORSE_LOOKS_MAX:
            for optimizer, rates in zip(optimizers, peaks, strict=True):
                for group, peak in zip(optimizer.param_groups, rates, strict=True):
                    group["lr"] = peak * min(1.0, (this.steps + 1) / warm) * (1 - share)
            self._step(optimizers, step_tokens)
            this.steps += 1
            share = (time.time() - started) / learning
            if self.best.taken is None:
                self.best.offer(float("inf"), setting, self.student)
            if time.time() - looked >= pause and share < 1 - 0.3 / looks:
                self._look(this, time.time() - started)
                looked = time.time()
        if this.worse_looks < WORSE_LOOKS_MAX and not self.clock.stopping:
            self._look(this, time.time() - started)
        return this

    def _look(self, this: _Round, after: float) -> None:
        loss = self._judge(self.held_out)
        if loss < this.best_loss:
            this.best_loss, this.best_after, this.worse_looks = loss, after, 0
        elif loss > WORSE * this.best_loss:
            this.worse_looks += 1
        if np.isfinite(loss) and self.best.offer(loss, this.setting, self.student):
            self.progress.loss = min(self.progress.loss, loss)
        self.progress.say(f"judged: {loss:.4f}", judged=loss)
        trim_memory()

    def _judge(self, rows: Sequence[int]) -> float:
        lengths = self.student.objective.lengths
        batches = make_batches(lengths, rows, 2 * self.batch_tokens, np.random.default_rng(0))
        started = time.time()
        loss = self.student.objective.judge(batches)
        self._judge_seconds = time.time() - started
        return loss

    def _step_tokens(self, seconds: float) -> int:
        """Tokens of one step: small enough for many steps in the time, and for some in each pass over the rows."""
        epoch = sum(self.student.objective.lengths[row] for row in self.train)
        wanted = min(self._tokens_a_second * seconds / STEPS_A_ROUND, epoch / STEPS_AN_EPOCH, STEP_TOKENS_MAX)
        return int(max(STEP_TOKENS_MIN, wanted))

    def _step(self, optimizers: Sequence[torch.optim.Optimizer], step_tokens: int) -> None:
        """Gradients of batches up to so many tokens, then one step of every optimiser."""
        tokens, total, weights = 0, 0.0, 0.0
        started = time.time()
        while tokens < step_tokens:
            rows = self._next_batch(step_tokens)
            loss, weight = self.student.objective.loss(rows)
            loss.backward()
            total, weights = total + loss.item(), weights + weight
            tokens += sum(self.student.objective.lengths[row] for row in rows)
            if self.clock.stopping:
                break
        parameters = [p for p in self.student.parameters() if p.grad is not None]
        for parameter in parameters:
            assert parameter.grad is not None  # noqa: S101
            parameter.grad /= max(weights, 1.0)
        norm = torch.nn.utils.clip_grad_norm_(parameters, NORM_MAX)
        if torch.isfinite(norm):
            for optimizer in optimizers:
                optimizer.step()
        for optimizer in optimizers:
            optimizer.zero_grad()
        self._tokens_a_second += 0.2 * (tokens / max(1e-3, time.time() - started) - self._tokens_a_second)
        self.progress.tick(train_loss=total / max(weights, 1.0), tokens_a_second=self._tokens_a_second)

    def _next_batch(self, step_tokens: int) -> list[int]:
        if not self._queue:
            size = min(self.batch_tokens, step_tokens)
            self._queue = make_batches(self.student.objective.lengths, self.train, size, self._chance)
        return self._queue.pop()
