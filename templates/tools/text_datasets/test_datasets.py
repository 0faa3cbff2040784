"""The text datasets are what their cards say."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

DATASETS = Path(__file__).resolve().parents[3] / "datasets"
ROWS = {
    "countries": 3_000,
    "dictionary": 3_000,
    "small-talk": 950,
    "countries-preference": 1_500,
    "definitions": 2_400,
}


def read(name: str) -> list[dict[str, Any]]:
    lines = (DATASETS / name / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize("name", ROWS)
def test_rows_are_as_many_as_said_small_and_not_repeated(name: str) -> None:
    rows = read(name)
    assert len(rows) == ROWS[name]
    assert len({json.dumps(row, sort_keys=True) for row in rows}) == len(rows)
    assert (DATASETS / name / f"{name}.jsonl").stat().st_size < 2_000_000
    assert f"{ROWS[name]:,}" in (DATASETS / name / "card.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["countries", "dictionary", "small-talk"])
def test_chats_are_a_question_and_an_answer(name: str) -> None:
    for row in read(name):
        assert list(row) == ["messages"]
        assert [message["role"] for message in row["messages"]] == ["user", "assistant"]
        assert all(message["content"].strip() for message in row["messages"])


def test_preferences_differ() -> None:
    for row in read("countries-preference"):
        assert list(row) == ["prompt", "chosen", "rejected"]
        assert row["chosen"] != row["rejected"]


def test_classes_are_balanced() -> None:
    rows = read("definitions")
    assert set(Counter(row["label"] for row in rows).values()) == {400}
    assert len({row["text"] for row in rows}) == len(rows)
