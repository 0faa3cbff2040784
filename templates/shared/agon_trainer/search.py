"""The search every template runs: trials of a model family until the time is up, then the best mix of them.

A trial fits one setting on each fold. Its predictions of the held-out rows judge it; the fitted models stay, since
their mean is what is handed in. At the end trials are mixed greedily, by what each adds on the held-out rows (Caruana
et al., "Ensemble selection from libraries of models", ICML 2004).
"""

import itertools
import threading
import time
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from agon_trainer.clock import Clock
from agon_trainer.folds import Fold, fold_count, make_folds
from agon_trainer.metrics import selection_loss
from agon_trainer.model import Constant, Member, Model, make_model
from agon_trainer.progress import Progress
from agon_trainer.table import Float32, Table
from agon_trainer.target import Target

Setting = dict[str, Any]

POOL_MAX = 12
PICKS_MAX = 15
GRAPH_PARTS_MAX = 4_000
NODES_MAX = 400_000
REJECT_SLACK = 0.01


@dataclass(frozen=True, slots=True)
class Session:
    """What a family learns from and the means it has."""

    table: Table
    target: Target
    seed: int
    threads: int
    memory_bytes: int
    clock: Clock
    progress: Progress


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted member, its predictions of the fold's held-out rows, and `nodes`, its size in tree nodes or weights."""

    member: Member
    held_out: Float32
    nodes: int
    complete: bool


class Family(Protocol):
    """A kind of model."""

    def propose(self, trial: int, best: Setting | None, chance: np.random.Generator) -> Setting | None:
        """The setting of a trial; None when there is nothing left to try."""

    def fit(self, session: Session, setting: Setting, fold: Fold, seed: int) -> Fit | None:
        """Learn from `fold.train`, stop early by `fold.valid`. Ends soon, incomplete, once the clock stops.

        None where no column tells rows apart or nothing was learned in time.
        """


@dataclass(frozen=True, slots=True)
class Trial:
    number: int
    setting: Setting
    loss: float
    fold_losses: tuple[float, ...]
    members: tuple[Member, ...]
    held_out: Float32
    nodes: int


class Search:
    """Runs trials and remembers them; `model` may be called at any time, from another thread too."""

    def __init__(self, session: Session, family: Family) -> None:
        self.session = session
        self.family = family
        self.trials: list[Trial] = []
        self._first: Trial | None = None
        self._lock = threading.Lock()
        target, table = session.target, session.table
        self.baseline = Constant.fit(table, target)
        count = fold_count(table.rows, table.width, target.width, session.clock.left, session.threads)
        self.folds = make_folds(target, count, session.seed)
        self.held_out = np.concatenate([f.valid for f in self.folds]) if self.folds else np.zeros(0, dtype=np.int64)

    def run(self) -> None:
        """Trials until the clock stops, the family has no more, or more would only fit the held-out rows' chance."""
        session = self.session
        if not self.folds or len(np.unique(session.target.y)) < 2:
            session.progress.say("the target never varies: a constant is handed in")
            return
        chance = np.random.default_rng(session.seed)
        trials_max = 25 + len(self.held_out) // 25
        for number in itertools.count():
            if session.clock.stopping or number >= trials_max:
                return
            best = min(self.trials, key=lambda t: t.loss, default=None)
            setting = self.family.propose(number, best.setting if best else None, chance)
            if setting is None:
                return
            started = time.monotonic()
            try:
                trial = self._trial(number, setting)
            except Exception as error:
                if not self.trials:
                    raise
                session.progress.say(f"trial {number} failed, the search ends: {type(error).__name__}: {error}")
                return
            if trial is None and not self.trials:
                if self._first is None:
                    session.progress.say("no column tells rows apart: a constant is handed in")
                return
            self._report(number, setting, trial, time.monotonic() - started)

    def _trial(self, number: int, setting: Setting) -> Trial | None:
        """One setting on all folds; None where it was cut short or fell behind on the first fold."""
        fits: list[Fit] = []
        losses: list[float] = []
        best = min(self.trials, key=lambda t: t.loss, default=None)
        for index, fold in enumerate(self.folds):
            fit = self.family.fit(self.session, setting, fold, self.session.seed + 1000 * number + index)
            if fit is None or not np.isfinite(fit.held_out).all():
                break
            if not fit.complete and best is not None and len(self.folds) > 1:
                break
            fits.append(fit)
            losses.append(self._loss(fold.valid, fit.held_out))
            if self._first is None and index == 0:
                self._first = self._make(number, setting, fits, losses)
            if best is not None and index == 0 and _behind(losses[0], best):
                break
            if not fit.complete:
                break
        if len(fits) < len(self.folds):
            return None
        trial = self._make(number, setting, fits, losses)
        with self._lock:
            self.trials.append(trial)
            self._thin()
        return trial

    def _make(self, number: int, setting: Setting, fits: list[Fit], losses: list[float]) -> Trial:
        held_out = np.concatenate([fit.held_out for fit in fits])
        rows = self.held_out[: len(held_out)]
        return Trial(
            number,
            setting,
            self._loss(rows, held_out),
            tuple(losses),
            tuple(fit.member for fit in fits),
            held_out,
            sum(fit.nodes for fit in fits),
        )

    def _loss(self, rows: npt.NDArray[np.int64], prediction: Float32) -> float:
        target = self.session.target
        shaped = prediction if target.is_classes else prediction[:, 0].astype(np.float64)
        return selection_loss(target.metric, target.y[rows], shaped)

    def _thin(self) -> None:
        """Forget all but the best trials: each holds models and predictions."""
        self.trials.sort(key=lambda t: t.loss)
        del self.trials[POOL_MAX:]

    def _report(self, number: int, setting: Setting, trial: Trial | None, seconds: float) -> None:
        progress = self.session.progress
        told = " ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in setting.items())
        if trial is None:
            progress.say(f"trial {number} stopped early: {told}", trial=number)
            return
        progress.loss = min(progress.loss, trial.loss)
        progress.say(
            f"trial {number}: loss {trial.loss:.5f} in {seconds:.1f} s: {told}", trial=number, trial_loss=trial.loss
        )

    def model(self) -> Model:
        """The best mix of the trials so far; the baseline where there is none."""
        with self._lock:
            trials = list(self.trials) or ([self._first] if self._first else [])
        target = self.session.target
        if not trials:
            return make_model((self.baseline,), (1.0,), target, None)
        weights = self._mix(trials) if trials[0] in self.trials else [1.0]
        members: list[Member] = []
        member_weights: list[float] = []
        total = np.zeros_like(trials[0].held_out)
        for trial, weight in zip(trials, weights, strict=True):
            if weight > 0:
                members += trial.members
                member_weights += [weight / len(trial.members)] * len(trial.members)
                total += np.float32(weight / sum(weights)) * trial.held_out
        rows = self.held_out[: len(total)]
        held_out = (target.y[rows], total) if target.is_classes else None
        return make_model(tuple(members), tuple(member_weights), target, held_out)

    def _mix(self, trials: list[Trial]) -> list[float]:
        """How often each trial is picked when the next pick is always the one after which the mean does best."""
        weights = [0.0] * len(trials)
        mean = np.zeros_like(trials[0].held_out)
        best = np.inf
        for picks in range(PICKS_MAX):
            losses = [
                self._loss(self.held_out, (mean * picks + trial.held_out) / np.float32(picks + 1))
                if self._affordable(trials, weights, i)
                else np.inf
                for i, trial in enumerate(trials)
            ]
            choice = int(np.argmin(losses))
            if losses[choice] >= best:
                break
            best = losses[choice]
            weights[choice] += 1
            mean = (mean * picks + trials[choice].held_out) / np.float32(picks + 1)
        return weights if sum(weights) > 0 else [1.0] + [0.0] * (len(trials) - 1)

    def _affordable(self, trials: list[Trial], weights: list[float], index: int) -> bool:
        """Whether the model stays of a size that is quick to write, load and run with this trial in it."""
        used = [t for i, t in enumerate(trials) if weights[i] > 0 or i == index]
        parts = sum(len(t.members) for t in used) * self.session.table.width
        return len(used) == 1 or (parts <= GRAPH_PARTS_MAX and sum(t.nodes for t in used) <= NODES_MAX)


def _behind(loss: float, best: Trial) -> bool:
    spread = float(np.std(best.fold_losses))
    return loss > best.fold_losses[0] + max(0.25 * spread, REJECT_SLACK * abs(best.fold_losses[0]))
