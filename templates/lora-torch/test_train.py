"""The template as a miner runs it, on agon-tiny; scored without any of the template's code."""

import json
import math
import random
import signal
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from transformers import AutoModelForCausalLM  # noqa: E402

from agon_trainer.language.scoring import chat_loss, preference_scores, submitted_model  # noqa: E402
from agon_trainer.language.testing import make_language_job  # noqa: E402
from agon_trainer.testing import started, train  # noqa: E402

TEMPLATE = Path(__file__).resolve().parent
REPOSITORY = TEMPLATE.parents[1]
BASE = REPOSITORY / "models" / "agon-tiny"


def dataset(name: str) -> list[dict[str, object]]:
    lines = (REPOSITORY / "datasets" / name / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    random.Random(1).shuffle(rows)  # noqa: S311
    return rows


def test_a_chat_is_learned_within_the_time(tmp_path: Path) -> None:
    rows = dataset("countries")
    job = make_language_job(tmp_path, rows[100:], task="chat", metric="loss", base=BASE, seconds=30)
    ended = train(TEMPLATE, job)
    assert ended.code == 0, ended.errors
    deadline = json.loads((job / "job.json").read_text(encoding="utf-8"))["deadline_unix"]
    assert time.time() < deadline
    assert [line["step"] for line in ended.progress] == sorted(line["step"] for line in ended.progress)
    names = ["adapter_config.json", "adapter_model.safetensors"]
    assert json.loads((job / "out" / "submission.json").read_text()) == {"format": "peft-lora", "files": names}
    assert sorted(p.name for p in (job / "out").iterdir()) == [*names, "submission.json"]
    config = json.loads((job / "out" / "adapter_config.json").read_text(encoding="utf-8"))
    assert config["r"] <= 64
    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    hidden = rows[:100]
    before = chat_loss(base, BASE, hidden)
    assert chat_loss(submitted_model(job, BASE), BASE, hidden) < before - 0.3


def test_preferences_are_learned(tmp_path: Path) -> None:
    rows = dataset("countries-preference")
    job = make_language_job(tmp_path, rows[80:], task="preference", metric="dpo_loss", base=BASE, seconds=36)
    ended = train(TEMPLATE, job)
    assert ended.code == 0, ended.errors
    base = AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    accuracy, loss = preference_scores(submitted_model(job, BASE), base, BASE, rows[:80])
    assert accuracy > 0.6
    assert loss < math.log(2)


def test_sigterm_saves_the_best_so_far(tmp_path: Path) -> None:
    job = make_language_job(tmp_path, dataset("dictionary"), task="chat", metric="loss", base=BASE, seconds=600)
    with started(TEMPLATE, job) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["step"] > 0:
                break
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)  # far less than the deadline
        assert process.returncode == 0
    weights = submitted_model(job, BASE).state_dict()
    assert any(bool(tensor.any()) for name, tensor in weights.items() if "lora_B" in name)


@pytest.mark.parametrize(
    ("rows", "base", "reason"),
    [
        ([{"messages": [{"role": "user", "content": "?"}]}] * 9, BASE, "have an answer to learn from"),
        ([{"messages": []}], None, "the job has none"),
    ],
)
def test_useless_jobs_end_with_64_and_a_sentence(
    tmp_path: Path, rows: list[dict[str, object]], base: Path | None, reason: str
) -> None:
    ended = train(TEMPLATE, make_language_job(tmp_path, rows, task="chat", metric="loss", base=base, seconds=30))
    assert ended.code == 64
    assert reason in ended.errors
    assert "Traceback" not in ended.errors
