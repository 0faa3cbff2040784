"""A trainer from its first line to its exit code.

SIGTERM and the deadline are watched by a thread: libraries stay inside one call for seconds on large data, where
Python's own signal handlers wait. The thread first asks the search to stop; where that takes too long, it hands in the
best so far itself and ends the process.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agon_trainer.clock import Clock
    from agon_trainer.job import Means
    from agon_trainer.progress import Progress
    from agon_trainer.search import Family
    from agon_trainer.table import Table
    from agon_trainer.target import Target

EXIT_DATA = 64
PATIENCE_SECONDS = 1.5
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def run(family: Callable[[], "Family"]) -> None:
    """Train the table of the job in `$AGON_JOB` and exit. `family` is called after thread counts are set.

    Exits with 0 after a submission, 64 for data that cannot be used; other errors are raised.
    """
    launch(lambda folder, hand_in: _train_table(folder, hand_in, family))


def launch(train: Callable[[Path, "HandIn"], None]) -> None:
    """Call `train` with the job's folder. It sets `hand_in.save` as soon as there is something to save, and returns.

    `train` may import libraries: thread counts are set. Exits as `run` does.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    folder = Path(os.environ["AGON_JOB"])
    raw = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    for name in THREAD_VARIABLES:
        os.environ.setdefault(name, str(max(1, int(raw["limits"]["cpus"]))))
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that spin make a shared machine slow for all
    from agon_trainer.clock import Clock  # noqa: PLC0415  numpy must not load before the counts are set
    from agon_trainer.errors import DataError, ExportError  # noqa: PLC0415
    from agon_trainer.progress import Progress  # noqa: PLC0415

    hand_in = HandIn(Clock(float(raw["deadline_unix"])), Progress())
    threading.Thread(target=hand_in.watch, daemon=True).start()
    try:
        train(folder, hand_in)
        hand_in.finish()
    except (DataError, ExportError) as error:
        print(error, file=sys.stderr, flush=True)
        _leave(EXIT_DATA if isinstance(error, DataError) else 1)


def _train_table(folder: Path, hand_in: "HandIn", family: Callable[[], "Family"]) -> None:
    from agon_trainer.job import read_job  # noqa: PLC0415
    from agon_trainer.table import read_table  # noqa: PLC0415
    from agon_trainer.target import Target  # noqa: PLC0415

    job = read_job(folder)
    hand_in.progress.say("reading the table")
    table, y, notices = read_table(job)
    for notice in notices:
        hand_in.progress.say(notice)
    search_table(job, table, Target(y, job.classes, job.metric), family(), hand_in)


def search_table(job: "Means", table: "Table", target: "Target", family: "Family", hand_in: "HandIn") -> None:
    """Search with `family` until the time is up. `hand_in` then has a model to save."""
    from agon_trainer.search import Search, Session  # noqa: PLC0415
    from agon_trainer.submission import submit  # noqa: PLC0415

    clock, progress = hand_in.clock, hand_in.progress
    session = Session(table, target, job.seed, job.threads, job.memory_bytes, clock, progress)
    search = Search(session, family)
    hand_in.save = lambda: submit(job, search.model(), table)
    progress.say(f"{table.rows} rows, {table.width} columns, {len(search.folds)} folds, {clock.left:.0f} s to train")
    search.run()


class HandIn:
    """Saves once, from the main thread or, where that one is stuck, from the watching one."""

    def __init__(self, clock: "Clock", progress: "Progress") -> None:
        self.clock = clock
        self.progress = progress
        self.save: Callable[[], int] | None = None
        self._lock = threading.Lock()

    def finish(self) -> None:
        """Save; a second caller waits for the first and finds the process ending."""
        with self._lock:
            assert self.save is not None
            size = self.save()
            self.progress.say(f"saved a model of {size} bytes", bytes=size)
            _leave(0)

    def watch(self) -> None:
        """Wait for SIGTERM or the end of the time for training; then see to it that the model is saved."""
        while not self.clock.stopping:
            if signal.sigtimedwait({signal.SIGTERM}, min(0.5, max(0.01, self.clock.left))):
                self.clock.stop()
            self.progress.beat()
        time.sleep(min(PATIENCE_SECONDS, self.clock.reserve / 3))
        while self.save is None:
            time.sleep(0.05)
        try:
            self.finish()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            _leave(1)


def _leave(code: int) -> None:
    """End now: a library's threads may still be at work and would keep a normal exit waiting."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
