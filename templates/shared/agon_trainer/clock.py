"""When to stop: the deadline less what export needs, or SIGTERM."""

import threading
import time

RESERVE_SECONDS_MIN = 2.0
RESERVE_SECONDS_MAX = 30.0
RESERVE_SHARE = 0.1


class Clock:
    """Time left for training. `stopping` turns true once, at `stop_at` or when `stop` is called."""

    def __init__(self, deadline: float, now: float | None = None) -> None:
        self.started = time.time() if now is None else now
        total = max(0.0, deadline - self.started)
        reserve = min(max(RESERVE_SECONDS_MIN, RESERVE_SHARE * total), RESERVE_SECONDS_MAX)
        self.reserve = min(reserve, total / 2)
        self.stop_at = deadline - self.reserve
        self._stopped = threading.Event()

    @property
    def stopping(self) -> bool:
        return self._stopped.is_set() or time.time() >= self.stop_at

    @property
    def left(self) -> float:
        """Seconds of training left."""
        return 0.0 if self._stopped.is_set() else max(0.0, self.stop_at - time.time())

    def stop(self) -> None:
        self._stopped.set()
