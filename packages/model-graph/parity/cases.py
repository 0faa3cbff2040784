"""Small models of every supported architecture with random weights, as transformers makes them from a configuration."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import transformers

DECODER = {
    "vocab_size": 211,
    "hidden_size": 64,
    "intermediate_size": 112,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "initializer_range": 0.15,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
    "tie_word_embeddings": False,
}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 16,
}
ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
ALL_LINEAR = (*ATTENTION, "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Case:
    """One model: its configuration, how its weights are stored, and which modules its adapter changes."""

    name: str
    config: Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    dtype: str = "float32"
    adapter: Mapping[str, Any] | None = None
    shard_size: str | None = None


def decoders() -> list[Case]:
    """Causal language models."""
    llama = transformers.LlamaConfig
    lora = {"r": 4, "lora_alpha": 10, "target_modules": list(ALL_LINEAR)}
    rslora = {
        "r": 8,
        "lora_alpha": 6,
        "use_rslora": True,
        "target_modules": list(ATTENTION),
        "rank_pattern": {"layers.1.self_attn.q_proj": 3, "o_proj": 5},
        "alpha_pattern": {"v_proj": 20},
    }
    return [
        Case("llama", llama, DECODER, adapter=lora),
        Case("llama-tied-large-vocabulary", llama, {**DECODER, "vocab_size": 9001, "tie_word_embeddings": True}),
        Case("llama-biases", llama, {**DECODER, "attention_bias": True, "mlp_bias": True}, adapter=rslora),
        Case("llama-linear", llama, {**DECODER, "rope_parameters": _rope("linear", factor=4.0)}),
        Case("llama-llama3", llama, {**DECODER, "rope_parameters": LLAMA3}),
        Case("llama-multi-head", llama, {**DECODER, "num_key_value_heads": 4}),
        Case("llama-head-of-20", llama, {**DECODER, "head_dim": 20}, adapter=lora),
        Case("llama-bf16", llama, DECODER, dtype="bfloat16", adapter=lora),
        Case("llama-f16-shards", llama, DECODER, dtype="float16", shard_size="60KB"),
        Case("mistral", transformers.MistralConfig, {**DECODER, "sliding_window": None}, adapter=lora),
        Case("mistral-window", transformers.MistralConfig, {**DECODER, "sliding_window": 6}),
        Case("mistral-window-head-of-12", transformers.MistralConfig, {**DECODER, "sliding_window": 6, "head_dim": 12}),
        Case("qwen2", transformers.Qwen2Config, DECODER, adapter=rslora),
        Case(
            "qwen2-window",
            transformers.Qwen2Config,
            {**DECODER, "use_sliding_window": True, "sliding_window": 5, "max_window_layers": 1},
        ),
        Case("qwen3", transformers.Qwen3Config, {**DECODER, "head_dim": 32, "num_attention_heads": 6}, adapter=lora),
        Case("qwen3-tied", transformers.Qwen3Config, {**DECODER, "head_dim": 48, "tie_word_embeddings": True}),
    ]


def _rope(kind: str, **options: float) -> dict[str, Any]:
    return {"rope_type": kind, "rope_theta": 10000.0, **options}


ENCODER = {
    "vocab_size": 211,
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 40,
    "initializer_range": 0.15,
    "pad_token_id": 0,
    "num_labels": 5,
}
DISTILBERT = {
    "vocab_size": 211,
    "dim": 48,
    "hidden_dim": 80,
    "n_layers": 3,
    "n_heads": 3,
    "max_position_embeddings": 40,
    "initializer_range": 0.15,
    "num_labels": 5,
}


def encoders() -> list[Case]:
    """Models that classify."""
    bert = transformers.BertConfig
    lora = {"r": 4, "lora_alpha": 10, "target_modules": ["query", "value"]}
    dense = {"r": 4, "lora_alpha": 10, "target_modules": ["query", "key", "value", "dense"]}
    pre = {**lora, "target_modules": ["q_lin", "out_lin", "lin1"], "modules_to_save": ["pre_classifier", "classifier"]}
    return [
        Case("bert", bert, ENCODER, adapter=lora),
        Case("bert-tanh-f16", bert, {**ENCODER, "hidden_act": "gelu_new", "num_labels": 2}, "float16", adapter=dense),
        Case("distilbert", transformers.DistilBertConfig, DISTILBERT, adapter=pre),
        Case("roberta", transformers.RobertaConfig, {**ENCODER, "pad_token_id": 1, "type_vocab_size": 1}, adapter=lora),
    ]
