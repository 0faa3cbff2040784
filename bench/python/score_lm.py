"""The yardstick of `score-lm`: transformers, torch and peft, as fast as they go. `python score_lm.py MODE SPEC`.

`random`: writes a model of SmolLM2-135M's size with random weights. `adapters`: writes peft adapters of a model.
`score`: tokens per second of the model on the rows, the best of several batch sizes. `reload`: loads base and adapter
anew for each adapter and scores the rows. `matmul`: the operations per second of one large product of matrices.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import torch
import transformers

SMOLLM2 = {
    "vocab_size": 49152,
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "max_position_embeddings": 8192,
    "rope_theta": 100000.0,
    "rms_norm_eps": 1e-5,
    "tie_word_embeddings": True,
}
BATCH_TOKENS = (1024, 2048, 4096)
PAD = 0


def main(mode: str, spec: dict[str, Any]) -> dict[str, Any]:
    """Does what is asked and answers figures."""
    transformers.logging.set_verbosity_error()
    torch.set_num_threads(spec["threads"])
    return MODES[mode](spec)


def write_random(spec: dict[str, Any]) -> dict[str, Any]:
    """As large as SmolLM2; its tokenizer is somebody else's."""
    torch.manual_seed(1)
    model = transformers.AutoModelForCausalLM.from_config(transformers.LlamaConfig(**SMOLLM2))
    model.save_pretrained(spec["model"])
    return {}


def write_adapters(spec: dict[str, Any]) -> dict[str, Any]:
    """With B other than zero, so that they change something."""
    import peft  # noqa: PLC0415

    for index, folder in enumerate(spec["adapters"]):
        torch.manual_seed(index)
        base = load(spec["model"])
        config = peft.LoraConfig(r=spec["rank"], lora_alpha=32, target_modules="all-linear", init_lora_weights=False)
        peft.get_peft_model(base, config).save_pretrained(folder)
    return {}


def score(spec: dict[str, Any]) -> dict[str, Any]:
    """The fastest of some sizes of batches, in several rounds."""
    model = load(spec["model"])
    tokens = sum(len(row["ids"]) for row in spec["rows"])
    best = {"seconds": float("inf")}
    for batch_tokens in BATCH_TOKENS:
        for _ in range(spec["rounds"]):
            started, busy = time.perf_counter(), time.process_time()
            nats = run(model, spec["rows"], batch_tokens)
            seconds, busy = time.perf_counter() - started, time.process_time() - busy
            if seconds < best["seconds"]:
                best = {"seconds": seconds, "cpu_seconds": busy, "batch_tokens": batch_tokens, "nats": nats}
    return {**best, "tokens_per_second": tokens / best["seconds"], "memory_mib": peak_mib()}


def reload(spec: dict[str, Any]) -> dict[str, Any]:
    """What a script does that scores one submission after the other."""
    import peft  # noqa: PLC0415

    started = time.perf_counter()
    nats = []
    for folder in spec["adapters"]:
        model = peft.PeftModel.from_pretrained(load(spec["model"]), folder).eval()
        nats.append(run(model, spec["rows"], spec["batch_tokens"]))
    return {"seconds": time.perf_counter() - started, "nats_by_adapter": nats, "memory_mib": peak_mib()}


def matmul(spec: dict[str, Any]) -> dict[str, Any]:
    """One large product, warm."""
    a, b = torch.randn(2048, 4096), torch.randn(4096, 4096)
    best = float("inf")
    for _ in range(3 * spec["rounds"]):
        started = time.perf_counter()
        torch.mm(a, b)
        best = min(best, time.perf_counter() - started)
    return {"operations_per_second": 2 * 2048 * 4096 * 4096 / best}


def load(folder: str) -> torch.nn.Module:
    """In float32."""
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


@torch.inference_mode()
def run(model: torch.nn.Module, rows: list[dict[str, Any]], batch_tokens: int) -> float:
    """Sum of the negative log-likelihoods of all completion tokens, rows sorted by length and batched by tokens."""
    total = 0.0
    for batch in batches(sorted(rows, key=lambda row: -len(row["ids"])), batch_tokens):
        longest = len(batch[0]["ids"])
        ids = torch.full((len(batch), longest), PAD)
        mask = torch.zeros((len(batch), longest), dtype=torch.long)
        labels = torch.full((len(batch), longest), -100)
        for at, row in enumerate(batch):
            ids[at, : len(row["ids"])] = torch.tensor(row["ids"])
            mask[at, : len(row["ids"])] = 1
            labels[at, row["completion"]] = ids[at, row["completion"]]
        logits = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[:, :-1]
        flat = labels[:, 1:].reshape(-1)
        total += torch.nn.functional.cross_entropy(
            logits.reshape(-1, logits.shape[-1]), flat, ignore_index=-100, reduction="sum"
        ).item()
    return total


def batches(rows: list[dict[str, Any]], batch_tokens: int) -> list[list[dict[str, Any]]]:
    """Rows together up to so many tokens, padding included."""
    found: list[list[dict[str, Any]]] = []
    for row in rows:
        if not found or (len(found[-1]) + 1) * len(found[-1][0]["ids"]) > batch_tokens:
            found.append([])
        found[-1].append(row)
    return found


def peak_mib() -> float:
    """Resident memory at its highest."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


MODES = {"random": write_random, "adapters": write_adapters, "score": score, "reload": reload, "matmul": matmul}

if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], json.loads(Path(sys.argv[2]).read_text()))))
