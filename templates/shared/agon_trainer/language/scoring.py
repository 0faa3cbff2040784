"""Scoring of a submission for the tests, without any training code."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, PreTrainedModel

Rows = Sequence[dict[str, Any]]
BETA = 0.1


def submitted_model(job: Path, base: Path) -> PreTrainedModel:
    """The base with the job's submission, by peft's and transformers' own loaders, in float32."""
    submission = json.loads((job / "out" / "submission.json").read_text(encoding="utf-8"))
    if submission["format"] == "hf-checkpoint":
        config = json.loads((job / "out" / "config.json").read_text(encoding="utf-8"))
        classifies = config["architectures"][0].endswith("ForSequenceClassification")
        loader = AutoModelForSequenceClassification if classifies else AutoModelForCausalLM
        model: PreTrainedModel = loader.from_pretrained(job / "out", dtype=torch.float32).eval()
        return model
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return PeftModel.from_pretrained(model, job / "out").eval()  # type: ignore[return-value]


@torch.no_grad()
def answer_log_probability(model: Any, tokenizer: Any, prompt: str, answer: str) -> tuple[float, int]:
    """Sum of ln p over the tokens of an answer to one question, and their number, in ChatML."""
    ask = tokenizer.apply_chat_template(
        [{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True
    )
    before = tokenizer.encode(ask, add_special_tokens=False)
    after = tokenizer.encode(answer + "<|im_end|>", add_special_tokens=False)
    logits = model(input_ids=torch.tensor([before + after])).logits[0].log_softmax(dim=-1)
    places = torch.arange(len(before) - 1, len(before) + len(after) - 1)
    return float(logits[places, torch.tensor(after)].sum()), len(after)


def chat_loss(model: Any, base: Path, rows: Rows) -> float:
    """Nats per completion token of rows with one question and one answer."""
    tokenizer = AutoTokenizer.from_pretrained(base)
    found = [answer_log_probability(model, tokenizer, *(m["content"] for m in row["messages"])) for row in rows]
    return -sum(value for value, _ in found) / sum(count for _, count in found)


def preference_scores(model: Any, reference: Any, base: Path, rows: Rows) -> tuple[float, float]:
    """Share of pairs that the model prefers as chosen, more than the reference does; and the DPO loss."""
    tokenizer = AutoTokenizer.from_pretrained(base)
    margins = []
    for row in rows:
        sides = [
            answer_log_probability(judge, tokenizer, row["prompt"], row[key])[0]
            for judge in (model, reference)
            for key in ("chosen", "rejected")
        ]
        margins.append(sides[0] - sides[1] - sides[2] + sides[3])
    right = sum((m > 0) + 0.5 * (m == 0) for m in margins) / len(margins)
    return right, sum(math.log1p(math.exp(-BETA * m)) for m in margins) / len(margins)
