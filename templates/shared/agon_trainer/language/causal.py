"""Chat and preference jobs from the job folder to the hand-in; a template brings the student and its settings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from transformers import PreTrainedModel

from agon_trainer.errors import DataError, ExportError
from agon_trainer.language.batches import split_rows
from agon_trainer.language.job import LanguageJob, read_language_job, read_rows
from agon_trainer.language.models import Place, batch_tokens, find_place, load_causal, load_tokenizer
from agon_trainer.language.objectives import ChatObjective, Objective, PreferenceObjective
from agon_trainer.language.rows import Example, Pair, Tokenizer, encode_chat, encode_pair
from agon_trainer.language.students import FullStudent, LoraStudent
from agon_trainer.language.tuner import Setting, Tuner, Weights
from agon_trainer.start import HandIn

PREFERENCE_RATE = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """What a template makes of a job: settings for a chat, whose rates are lowered for preferences.

    `hand_in` writes weights and returns their bytes.
    """

    student: LoraStudent | FullStudent
    settings: Sequence[Setting]
    hand_in: Callable[[Setting, Weights], int]


def train_causal(folder: Path, desk: HandIn, plan: Callable[[LanguageJob, PreTrainedModel, Place], Plan]) -> None:
    """Train as `plan` says. `desk` then has something to save."""
    job = read_language_job(folder)
    if job.task == "text-classification":
        raise DataError("This template does chat and preference jobs, not text classification.")
    desk.save = _nothing
    desk.progress.say("reading rows and base model")
    rows, dropped = _encode(job, load_tokenizer(job.named_base))
    if dropped:
        desk.progress.say(f"{dropped} rows without a completion within {job.tokens_max} tokens were left out")
    place = find_place(job.threads)
    model = load_causal(job.named_base, place)
    planned = plan(job, model, place)
    student = planned.student
    student.objective = _objective(job, model, place, rows, student)
    train, held_out = split_rows(len(rows), job.seed)
    size = batch_tokens(model, place, job.memory_bytes, max(student.objective.lengths))
    tuner = Tuner(student, train, held_out, size, job.seed, desk.clock, desk.progress)

    def save() -> int:
        taken = tuner.best.taken
        if taken is None:
            return _nothing()
        return planned.hand_in(*taken)

    desk.save = save
    desk.progress.say(f"{place.device.type}, {'bfloat16' if place.half else 'float32'}, batches of {size} tokens")
    factor = PREFERENCE_RATE if job.task == "preference" else 1.0
    tuner.run([replace(setting, rate=factor * setting.rate) for setting in planned.settings])


def _nothing() -> int:
    raise ExportError("The time was up before the first step of training. Nothing is submitted.")


def _encode(job: LanguageJob, tokenizer: Tokenizer) -> tuple[list[Example] | list[Pair], int]:
    """Rows as tokens, and how many were left out."""
    found: list[Example | Pair | None] = []
    for row in read_rows(job):
        if job.task == "preference":
            found.append(encode_pair(tokenizer, row, job.tokens_max))
        else:
            found.append(encode_chat(tokenizer, row.get("messages") or [], job.tokens_max))
    kept = [row for row in found if row is not None]
    if len(kept) < 2:
        raise DataError("Fewer than two rows have an answer to learn from.")
    return kept, len(found) - len(kept)  # type: ignore[return-value]


def _objective(
    job: LanguageJob,
    model: PreTrainedModel,
    place: Place,
    rows: list[Example] | list[Pair],
    student: LoraStudent | FullStudent,
) -> Objective:
    pairs = [row for row in rows if isinstance(row, Pair)]
    if pairs:
        return PreferenceObjective(model, place, pairs, job.metric, student.as_base)
    return ChatObjective(model, place, [row for row in rows if isinstance(row, Example)])
