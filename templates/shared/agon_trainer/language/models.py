"""Base models in PyTorch: where they run, in which precision, and what a batch of tokens costs in memory."""

import ctypes
import logging
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from agon_trainer.errors import DataError
from agon_trainer.language.job import BaseModel
from agon_trainer.language.rows import Tokenizer

PROCESS_BYTES = 900 << 20
ACTIVATIONS_A_LAYER = 40  # numbers kept for the way back, in units of the hidden size
FREE_SHARE = 0.45  # the rest goes to pieces between tensors of ever other sizes
BATCH_TOKENS_MIN = 64
BATCH_TOKENS_MAX = 4096


@dataclass(frozen=True, slots=True)
class Place:
    """`half`: matrix products in bfloat16."""

    device: torch.device
    half: bool

    @contextmanager
    def precision(self) -> Iterator[None]:
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.half):
            yield


def find_place(threads: int) -> Place:
    """A CUDA device if there is one; bfloat16 where it is really faster, which on CPUs only a try tells."""
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    logging.getLogger("torch").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(threads)
    if torch.cuda.is_available():
        return Place(torch.device("cuda"), torch.cuda.is_bf16_supported())
    return Place(torch.device("cpu"), _product_seconds(torch.bfloat16) < 0.8 * _product_seconds(torch.float32))


def _product_seconds(dtype: torch.dtype) -> float:
    left, right = torch.ones(256, 512, dtype=dtype), torch.ones(512, 512, dtype=dtype)
    seconds = []
    for _ in range(8):
        started = time.perf_counter()
        left @ right
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def load_tokenizer(base: BaseModel) -> Tokenizer:
    tokenizer: Tokenizer = AutoTokenizer.from_pretrained(base.folder, local_files_only=True)
    return tokenizer


def load_causal(base: BaseModel, place: Place) -> PreTrainedModel:
    """The base in float32, without dropout. Raises DataError for a folder that is no causal language model."""
    try:
        model = AutoModelForCausalLM.from_pretrained(
            base.folder, dtype=torch.float32, local_files_only=True, use_safetensors=True
        )
    except (ValueError, OSError) as error:
        raise DataError(f"The base model {base.name!r} cannot be read as a causal language model: {error}") from error
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    model.config.attention_dropout = 0.0
    return model.to(place.device).train()


def trim_memory() -> None:
    """Give freed memory back to the system where the C library is glibc, which keeps it otherwise."""
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def batch_tokens(model: PreTrainedModel, place: Place, memory_bytes: int, longest: int) -> int:
    """Tokens of a batch, so that memory stays below the limit; trades time for memory where rows are long for it."""
    config = model.config
    width, layers, vocabulary = config.hidden_size, config.num_hidden_layers, config.vocab_size
    size = 3 if place.half else 4
    weights = sum(p.numel() * p.element_size() * (3 if p.requires_grad else 1) for p in model.parameters())
    if place.device.type == "cuda":
        memory_bytes = torch.cuda.mem_get_info(place.device)[0]
    free = FREE_SHARE * (memory_bytes - PROCESS_BYTES - weights)
    head = 6 * vocabulary
    plain = free / (layers * width * ACTIVATIONS_A_LAYER * size + head)
    if plain < longest and model.supports_gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        plain = free / (layers * width * 4 + width * ACTIVATIONS_A_LAYER * size + head)
    return int(min(max(plain, BATCH_TOKENS_MIN), BATCH_TOKENS_MAX))
