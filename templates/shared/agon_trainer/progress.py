"""Progress as the contract wants it: one JSON object with a `step` a line, flushed at once."""

import json
import math
import sys
import threading
import time
from collections.abc import Callable

QUIET_SECONDS = 0.5
BEAT_SECONDS = 1.5


class Progress:
    """Counts steps and prints them. `loss` is the best validation loss so far, so that its curve only falls."""

    def __init__(self, write: Callable[[str], object] | None = None) -> None:
        self._write = write or self._stdout
        self._lock = threading.Lock()
        self._printed_at = 0.0
        self.step = 0
        self.loss = math.inf

    @staticmethod
    def _stdout(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def say(self, message: str, **metrics: float) -> None:
        """Print a line with a message now."""
        self._print(metrics, message)

    def tick(self, **metrics: float) -> None:
        """Count one step (a boosting round, an epoch, a solver iteration); print at most every half second."""
        self.step += 1
        if time.monotonic() - self._printed_at >= QUIET_SECONDS:
            self._print(metrics, None)

    def beat(self) -> None:
        """Print a line if none was printed for a while: a sign of life while one long call runs."""
        if time.monotonic() - self._printed_at >= BEAT_SECONDS:
            self._print({}, None)

    def _print(self, metrics: dict[str, float], message: str | None) -> None:
        line: dict[str, object] = {"step": self.step}
        if math.isfinite(self.loss):
            line["loss"] = round(self.loss, 6)
        finite = {key: round(float(value), 6) for key, value in metrics.items() if math.isfinite(value)}
        if finite:
            line["metrics"] = finite
        if message is not None:
            line["message"] = message[:2000]
        with self._lock:
            self._printed_at = time.monotonic()
            self._write(json.dumps(line, ensure_ascii=False))
