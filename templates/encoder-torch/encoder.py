"""All weights of an encoder and a new head, by AdamW; the head and upper layers learn faster than lower ones."""

from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, PreTrainedModel

from agon_trainer.errors import DataError, ExportError
from agon_trainer.language.batches import split_rows
from agon_trainer.language.handing_in import checkpoint_dtype, hand_in_checkpoint
from agon_trainer.language.job import LanguageJob, read_labelled, read_language_job
from agon_trainer.language.models import Place, batch_tokens, find_place
from agon_trainer.language.objectives import LabelObjective
from agon_trainer.language.students import FullStudent
from agon_trainer.language.tuner import Setting, Tuner
from agon_trainer.start import HandIn

SETTINGS = (Setting(1e-4, 0), Setting(3e-4, 0))
HEAD_RATIO = 10.0
LAYER_DECAY = 0.8
POSITIONS_OFFSET = 2  # RoBERTa's positions begin there


def train_encoder(folder: Path, desk: HandIn) -> None:
    """Train; `desk` then has something to save."""
    job = read_language_job(folder)
    if job.task != "text-classification":
        raise DataError(f"This template does text classification only; the job's task is {job.task!r}.")
    desk.save = _nothing
    desk.progress.say("reading rows and encoder")
    texts, labels, notices = read_labelled(job)
    for notice in notices:
        desk.progress.say(notice)
    place = find_place(job.threads)
    torch.manual_seed(job.seed)  # of the new head
    model = _load(job, place)
    tokens = _encode(job, model, texts)
    student = FullStudent(model, _optimizers)
    student.objective = LabelObjective(model, place, tokens, labels, job.metric)
    train, held_out = split_rows(len(texts), job.seed)
    size = batch_tokens(model, place, job.memory_bytes, max(len(text) for text in tokens))
    tuner = Tuner(student, train, held_out, size, job.seed, desk.clock, desk.progress)
    dtype = checkpoint_dtype(sum(p.numel() for p in model.parameters()), job.submission_bytes)

    def save() -> int:
        taken = tuner.best.taken
        if taken is None:
            return _nothing()
        weights = {key: value.to(dtype) if value.is_floating_point() else value for key, value in taken[1].items()}
        return hand_in_checkpoint(job, student.config(dtype), weights)

    desk.save = save
    tuner.run(SETTINGS)


def _nothing() -> int:
    raise ExportError("The time was up before the first step of training. Nothing is submitted.")


def _load(job: LanguageJob, place: Place) -> PreTrainedModel:
    base = job.named_base
    names = {"id2label": dict(enumerate(job.classes)), "label2id": {name: i for i, name in enumerate(job.classes)}}
    try:
        model: PreTrainedModel = AutoModelForSequenceClassification.from_pretrained(
            base.folder,
            num_labels=len(job.classes),
            problem_type="single_label_classification",
            dtype=torch.float32,
            local_files_only=True,
            use_safetensors=True,
            **names,
        )
    except (ValueError, OSError) as error:
        raise DataError(f"The base model {base.name!r} cannot be read as an encoder: {error}") from error
    return model.to(place.device).train()


def _encode(job: LanguageJob, model: PreTrainedModel, texts: list[str]) -> list[list[int]]:
    tokenizer = AutoTokenizer.from_pretrained(job.named_base.folder, local_files_only=True)
    positions = model.config.max_position_embeddings - POSITIONS_OFFSET * (model.config.model_type == "roberta")
    found: list[list[int]] = tokenizer(
        texts, truncation=True, max_length=min(job.tokens_max, positions), return_attention_mask=False
    )["input_ids"]
    return found


def _optimizers(model: PreTrainedModel, setting: Setting) -> list[torch.optim.Optimizer]:
    """The rate falls by LAYER_DECAY from each layer to the one below; embeddings are below all."""
    layers = model.config.num_hidden_layers
    prefix = model.base_model_prefix + "."
    groups: dict[float, list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if not name.startswith(prefix):
            rate = setting.rate * HEAD_RATIO
        else:
            depth = next((int(part) for part in name.split(".") if part.isdigit()), -1)
            rate = setting.rate * LAYER_DECAY ** (layers - 1 - depth if "pooler" not in name else 0)
        groups.setdefault(rate, []).append(parameter)
    return [
        torch.optim.AdamW(
            [{"params": p, "lr": rate} for rate, p in groups.items()], betas=(0.9, 0.98), weight_decay=0.01
        )
    ]
