"""A fully connected net in numpy: forward, backward, AdamW with a one-cycle rate, an average of late weights."""

import time
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt

from agon_trainer.folds import Fold
from agon_trainer.matrix import Matrices, softmax
from agon_trainer.search import Session, Setting
from agon_trainer.table import Float32

Layers = list[tuple[Float32, Float32]]
Loss = Literal["classes", "squared", "absolute"]

BATCH_MIN, BATCH_MAX = 32, 512
WARM_SHARE = 0.15
MEASURED_STEPS = 40
TIME_SHARE = 0.85
AVERAGE = 0.98
PATIENCE_SHARE = 0.4
BETAS = (0.9, 0.99)
EPSILON = np.float32(1e-8)
SMOOTH_ABSOLUTE = np.float32(0.05)


def forward(layers: Layers, x: Float32) -> Float32:
    """Scores, [N, outputs]."""
    for weights, offsets in layers[:-1]:
        x = np.maximum(x @ weights + offsets, 0)
    return x @ layers[-1][0] + layers[-1][1]


def train_network(
    session: Session, fold: Fold, data: Matrices, setting: Setting, loss: Loss, seed: int
) -> tuple[Layers, bool]:
    """Train; return the layers that did best on the held-out rows, and whether training ran to its end."""
    chance = np.random.default_rng(seed)
    layers = _initial(data, setting, chance)
    average = [(w.copy(), b.copy()) for w, b in layers]
    best, best_loss, best_epoch = average, np.inf, 0
    optimizer = AdamW(layers, setting["decay"])
    rows, epochs = len(data.x), setting["epochs"]
    batch = int(np.clip(2 ** round(np.log2(max(1, rows / 40))), BATCH_MIN, BATCH_MAX))
    batches = -(-rows // batch)
    step, steps, started = 0, epochs * batches, time.monotonic()
    for epoch in range(epochs):
        order = chance.permutation(rows)
        for index in range(batches):
            if index % 8 == 0 and session.clock.stopping:
                return best, False
            if step == MEASURED_STEPS and fold.alone:
                steps = _affordable_steps(steps, (time.monotonic() - started) / step, session.clock.left)
            mine = order[index * batch : (index + 1) * batch]
            slopes = _slopes(layers, data.x[mine], data.y[mine], loss, setting["dropout"], chance)
            optimizer.step(slopes, setting["rate"] * _cycle(min(1.0, step / steps)))
            step += 1
            _follow(average, layers, min(AVERAGE, step / (step + 10)))
            if index % 50 == 49:
                session.progress.tick(epoch=epoch)
            if step >= steps:
                break
        held_out = _judge(forward(average, data.valid_x), data.valid_y, loss)
        if held_out < best_loss:
            best_loss, best_epoch = held_out, epoch
            best = [(w.copy(), b.copy()) for w, b in average]
        session.progress.tick(epoch=epoch + 1, validation=held_out)
        if step >= steps or epoch - best_epoch > max(5, PATIENCE_SHARE * epochs):
            break
    return best, True


def _affordable_steps(steps: int, step_seconds: float, seconds_left: float) -> int:
    """Fewer steps where all would not fit: a cycle that ends gives a better net than one that is cut off."""
    return max(MEASURED_STEPS, min(steps, int(TIME_SHARE * seconds_left / step_seconds)))


def _initial(data: Matrices, setting: Setting, chance: np.random.Generator) -> Layers:
    """He initialisation; the last layer starts at the classes' shares."""
    sizes = [data.x.shape[1], *[setting["width"]] * setting["depth"], data.link.width]
    layers = [
        (
            (chance.standard_normal((a, b)) * np.sqrt(2 / max(a, 1))).astype(np.float32),
            np.zeros(b, dtype=np.float32),
        )
        for a, b in pairwise(sizes)
    ]
    weights, offsets = layers[-1]
    weights *= np.float32(0.1)
    if not data.link.scale:
        offsets += np.log(np.bincount(data.y, minlength=len(offsets)) / len(data.y)).astype(np.float32)
    return layers


def _slopes(
    layers: Layers, x: Float32, y: npt.NDArray[np.generic], loss: Loss, dropout: float, chance: np.random.Generator
) -> Layers:
    """Gradients of the mean loss over a batch."""
    seen, masks = [x], []
    for weights, offsets in layers[:-1]:
        x = np.maximum(x @ weights + offsets, 0)
        mask = None
        if dropout > 0:
            mask = (chance.random(x.shape, dtype=np.float32) >= dropout) / np.float32(1 - dropout)
            x = x * mask
        masks.append(mask)
        seen.append(x)
    scores = x @ layers[-1][0] + layers[-1][1]
    slope = _score_slope(scores, y, loss) / np.float32(len(y))
    slopes: Layers = []
    for index in range(len(layers) - 1, -1, -1):
        slopes.append((seen[index].T @ slope, slope.sum(axis=0)))
        if index > 0:
            slope = (slope @ layers[index][0].T) * (seen[index] > 0)
            mask = masks[index - 1]
            if mask is not None:
                slope *= mask
    return slopes[::-1]


def _score_slope(scores: Float32, y: npt.NDArray[np.generic], loss: Loss) -> Float32:
    if loss == "classes":
        slope = softmax(scores)
        slope[np.arange(len(y)), y.astype(np.int64)] -= 1
        return slope
    error = scores - y.astype(np.float32)[:, None]
    return error if loss == "squared" else np.clip(error / SMOOTH_ABSOLUTE, -1, 1)


def _judge(scores: Float32, y: npt.NDArray[np.generic], loss: Loss) -> float:
    """The mean loss on held-out rows; classes absent from training do not count."""
    if loss == "classes":
        known = y >= 0
        if not known.any():
            return 0.0
        share = softmax(scores[known])[np.arange(int(known.sum())), y[known]]
        return float(-np.log(np.maximum(share, 1e-12)).mean())
    error = scores[:, 0] - y
    return float((error**2).mean() if loss == "squared" else np.abs(error).mean())


def _cycle(done: float) -> float:
    """One-cycle: a linear rise, then a cosine fall to nearly nothing."""
    if done < WARM_SHARE:
        return max(done / WARM_SHARE, 0.05)
    return 0.01 + 0.99 * 0.5 * (1 + float(np.cos(np.pi * (done - WARM_SHARE) / (1 - WARM_SHARE))))


def _follow(average: Layers, layers: Layers, keep: float) -> None:
    share = np.float32(1 - keep)
    for (w_mean, b_mean), (w, b) in zip(average, layers, strict=True):
        w_mean += share * (w - w_mean)
        b_mean += share * (b - b_mean)


class AdamW:
    """Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019. Offsets do not decay."""

    def __init__(self, layers: Layers, decay: float) -> None:
        self.parameters = [p for pair in layers for p in pair]
        self.first = [np.zeros_like(p) for p in self.parameters]
        self.second = [np.zeros_like(p) for p in self.parameters]
        self.decay = decay
        self.steps = 0

    def step(self, slopes: Layers, rate: float) -> None:
        self.steps += 1
        fast, slow = BETAS
        size = np.float32(rate * np.sqrt(1 - slow**self.steps) / (1 - fast**self.steps))
        flat = [s for pair in slopes for s in pair]
        for p, slope, first, second in zip(self.parameters, flat, self.first, self.second, strict=True):
            first += np.float32(1 - fast) * (slope - first)
            second += np.float32(1 - slow) * (slope * slope - second)
            if p.ndim > 1:
                p *= np.float32(1 - rate * self.decay)
            p -= size * first / (np.sqrt(second) + EPSILON)
