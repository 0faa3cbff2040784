"""The template as a miner runs it, on a small encoder with random weights."""

import json
import random
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from transformers import AutoTokenizer, BertConfig, BertModel, BertTokenizerFast  # noqa: E402

from agon_trainer.language.scoring import submitted_model  # noqa: E402
from agon_trainer.language.testing import make_language_job  # noqa: E402
from agon_trainer.testing import train  # noqa: E402

TEMPLATE = Path(__file__).resolve().parent
WORDS = ("red", "blue", "green", "one", "two", "three", "sun", "moon", "sea", "sky")
CLASSES = ["warm", "cold", "never seen"]


def make_encoder(folder: Path) -> Path:
    torch.manual_seed(1)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    tokenizer = BertTokenizerFast(vocab={word: number for number, word in enumerate(vocabulary)})
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=32,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_rows(count: int) -> list[dict[str, object]]:
    chance = random.Random(3)  # noqa: S311
    rows: list[dict[str, object]] = []
    for _ in range(count):
        half = chance.choice(((0, 5, "warm"), (5, 10, "cold")))
        words = [chance.choice(WORDS[half[0] : half[1]]) for _ in range(chance.randint(2, 40))]
        rows.append({"text": " ".join(words), "label": half[2]})
    return rows


def test_classes_are_learned_and_keep_their_order(tmp_path: Path) -> None:
    base, rows = make_encoder(tmp_path / "encoder"), make_rows(900)
    job = make_language_job(
        tmp_path / "job",
        rows[200:],
        task="text-classification",
        metric="log_loss",
        base=base,
        seconds=50,
        classes=CLASSES,
    )
    ended = train(TEMPLATE, job)
    assert ended.code == 0, ended.errors
    files = ["config.json", "model.safetensors"]
    assert json.loads((job / "out" / "submission.json").read_text()) == {"format": "hf-checkpoint", "files": files}
    model, tokenizer = submitted_model(job, base), AutoTokenizer.from_pretrained(base)
    assert model.config.architectures == ["BertForSequenceClassification"]
    assert [model.config.id2label[i] for i in range(3)] == CLASSES
    texts = [row["text"] for row in rows[:200]]
    batch = tokenizer(texts, truncation=True, max_length=32, padding=True, return_tensors="pt")
    found = model(**batch).logits.argmax(dim=1)
    truth = torch.tensor([CLASSES.index(str(row["label"])) for row in rows[:200]])
    assert float((found == truth).float().mean()) > 0.7


def test_a_job_without_an_encoder_ends_with_64(tmp_path: Path) -> None:
    job = make_language_job(
        tmp_path,
        make_rows(20),
        task="text-classification",
        metric="accuracy",
        base=None,
        seconds=30,
        classes=CLASSES,
    )
    ended = train(TEMPLATE, job)
    assert ended.code == 64
    assert "the job has none" in ended.errors
