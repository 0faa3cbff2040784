"""The template as a miner runs it, on agon-tiny; scored without any of the template's code."""

import json
import random
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from transformers import AutoConfig, AutoModelForCausalLM  # noqa: E402

from agon_trainer.language.scoring import chat_loss, submitted_model  # noqa: E402
from agon_trainer.language.testing import make_language_job  # noqa: E402
from agon_trainer.testing import train  # noqa: E402

TEMPLATE = Path(__file__).resolve().parent
REPOSITORY = TEMPLATE.parents[1]
BASE = REPOSITORY / "models" / "agon-tiny"


def dataset() -> list[dict[str, object]]:
    lines = (REPOSITORY / "datasets" / "dictionary" / "dictionary.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    random.Random(1).shuffle(rows)  # noqa: S311
    return rows


@pytest.mark.parametrize(
    ("submission_bytes", "format_", "files"),
    [
        (50_000_000, "hf-checkpoint", ["config.json", "model.safetensors"]),
        (4_000_000, "peft-lora", ["adapter_config.json", "adapter_model.safetensors"]),
    ],
)
def test_what_is_handed_in_fits_the_limit_and_has_learned(
    tmp_path: Path, submission_bytes: int, format_: str, files: list[str]
) -> None:
    rows = dataset()
    job = make_language_job(
        tmp_path,
        rows[100:],
        task="chat",
        metric="loss",
        base=BASE,
        seconds=36,
        limits={"submission_bytes": submission_bytes},
    )
    ended = train(TEMPLATE, job)
    assert ended.code == 0, ended.errors
    assert json.loads((job / "out" / "submission.json").read_text()) == {"format": format_, "files": files}
    assert sum((job / "out" / name).stat().st_size for name in files) <= submission_bytes
    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    assert chat_loss(submitted_model(job, BASE), BASE, rows[:100]) < chat_loss(base, BASE, rows[:100]) - 0.2
    if format_ == "hf-checkpoint":
        theirs, ours = AutoConfig.from_pretrained(BASE).to_dict(), AutoConfig.from_pretrained(job / "out").to_dict()
        for key in ("architectures", "hidden_size", "num_hidden_layers", "vocab_size", "tie_word_embeddings"):
            assert ours[key] == theirs[key]
