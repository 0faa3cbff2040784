"""The yardstick of `chat` and `predict`: transformers and torch, as fast as they go. `python serve.py MODE SPEC`.

`generate`: tokens per second of `model.generate`, greedily, of one prompt, and of several as one batch. `encoder`: writes a
classifier of MiniLM's size. `classify`: texts per second of a classifier, batched by length.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers

MINILM = {
    "vocab_size": 30522,
    "hidden_size": 384,
    "num_hidden_layers": 6,
    "num_attention_heads": 12,
    "intermediate_size": 1536,
    "max_position_embeddings": 512,
}
BATCH_ROWS = (16, 64)


def main(mode: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Does what is asked and answers figures."""
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(spec["threads"])
    return MODES[mode](spec)


def generate(spec: dict[str, Any]) -> dict[str, Any]:
    """Prompts of token ids, padded on the left as `generate` wants them."""
    model = transformers.AutoModelForCausalLM.from_pretrained(spec["model"], dtype=torch.float32).eval()
    longest = max(len(ids) for ids in spec["prompts"])
    ids = torch.tensor([[0] * (longest - len(row)) + row for row in spec["prompts"]])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in spec["prompts"]])
    options = {"do_sample": False, "max_new_tokens": spec["tokens"], "min_new_tokens": spec["tokens"], "pad_token_id": 0}

    def work() -> None:
        with torch.inference_mode():
            model.generate(input_ids=ids, attention_mask=mask, **options)

    return best_of(spec["rounds"], work, len(spec["prompts"]) * spec["tokens"])


def write_encoder(spec: dict[str, Any]) -> dict[str, Any]:
    """A base without a head and a classifier of it, both with random weights; the tokenizer is somebody else's."""
    torch.manual_seed(1)
    config = transformers.BertConfig(**MINILM, id2label=dict(enumerate(spec["classes"])))
    model = transformers.BertForSequenceClassification(config)
    model.save_pretrained(spec["checkpoint"])
    model.bert.save_pretrained(spec["base"])
    return {}


def classify(spec: dict[str, Any]) -> dict[str, Any]:
    """Rows of token ids, sorted by length; the faster of two sizes of batches."""
    model = transformers.AutoModelForSequenceClassification.from_pretrained(spec["model"], dtype=torch.float32).eval()
    rows = sorted(spec["rows"], key=len, reverse=True)

    def work_of(size: int) -> Callable[[], None]:
        def work() -> None:
            with torch.inference_mode():
                for start in range(0, len(rows), size):
                    batch = rows[start : start + size]
                    longest = len(batch[0])
                    ids = torch.tensor([row + [0] * (longest - len(row)) for row in batch])
                    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in batch])
                    model(input_ids=ids, attention_mask=mask)

        return work

    figures = [best_of(spec["rounds"], work_of(size), len(rows)) for size in BATCH_ROWS]
    return min(figures, key=lambda each: each["seconds"])


def best_of(rounds: int, work: Callable[[], None], units: int) -> dict[str, Any]:
    """The fastest round, and the least processor time of any, after one that warms up."""
    work()
    seconds, cpu_seconds = float("inf"), float("inf")
    for _ in range(rounds):
        started, busy = time.perf_counter(), time.process_time()
        work()
        seconds = min(seconds, time.perf_counter() - started)
        cpu_seconds = min(cpu_seconds, time.process_time() - busy)
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "units": units}


MODES = {"generate": generate, "encoder": write_encoder, "classify": classify}

if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], json.loads(Path(sys.argv[2]).read_text()))))
