"""The rows of the job as a table of one string column, for the search that the tabular templates use too."""

from pathlib import Path

import numpy as np

from agon_trainer.errors import DataError
from agon_trainer.language.job import read_labelled, read_language_job
from agon_trainer.start import HandIn, search_table
from agon_trainer.table import StringColumn, Table
from agon_trainer.target import Target
from linear import TextLinear

COLUMN = "text"


def train_texts(folder: Path, desk: HandIn) -> None:
    """Train; `desk` then has something to save."""
    job = read_language_job(folder)
    if job.task != "text-classification":
        raise DataError(f"This template does text classification only; the job's task is {job.task!r}.")
    texts, labels, notices = read_labelled(job)
    for notice in notices:
        desk.progress.say(notice)
    levels: dict[str, int] = {}
    codes = np.array([levels.setdefault(text, len(levels)) for text in texts], dtype=np.int32)
    table = Table((), (StringColumn(COLUMN, codes, tuple(levels)),), len(texts))
    target = Target(np.array(labels, dtype=np.int64), job.classes, job.metric)
    search_table(job, table, target, TextLinear(COLUMN, tuple(levels)), desk)
