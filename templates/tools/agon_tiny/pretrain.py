"""Pre-trains agon-tiny, the base model of tests and demo, within a budget of processor time.

    python pretrain.py CORPUS_FOLDER ../../../models/agon-tiny --minutes 15

Each process takes one thread: on a busy machine that is far faster than several threads of one process. Weights are
bfloat16 in matrix products, float32 elsewhere, and are saved as float16. Matrices inside the layers learn by Muon
(orthogonalised momentum; Jordan et al., 2024), embeddings and norms by AdamW.
"""

import argparse
import json
import os
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F  # noqa: N812
from corpus import Document, read_corpus
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

VOCABULARY = 4096
CONTEXT = 256
ROWS = 8
SEED = 20
HELD_OUT = 100
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def main() -> None:
    """Tokenizer, tokens, training, files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--minutes", type=float, default=15, help="of processor time, for each process")
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    documents = read_corpus(arguments.corpus, SEED)
    tokenizer = train_tokenizer(documents)
    held_out, train = documents[:HELD_OUT], documents[HELD_OUT:]
    tokens = {"train": encode(train, tokenizer), "held_out": encode(held_out, tokenizer)}
    print(f"{len(documents)} documents, {len(tokens['train'])} tokens", flush=True)
    arguments.model.mkdir(parents=True, exist_ok=True)
    save_tokenizer(tokenizer, arguments.model)
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29531")
    work = (arguments.processes, tokens, arguments.minutes * 60, arguments.model)
    mp.spawn(train_process, args=work, nprocs=arguments.processes)


def render(document: Document, tokenizer: PreTrainedTokenizerFast) -> str:
    if not document.messages:
        return document.text
    return str(tokenizer.apply_chat_template(document.messages, tokenize=False))


def train_tokenizer(documents: list[Document]) -> PreTrainedTokenizerFast:
    """Byte-level BPE with single digits, as SmolLM2 has it."""
    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    core.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=VOCABULARY, special_tokens=list(SPECIAL), initial_alphabet=alphabet)
    texts = (d.text or "\n".join(m["content"] for m in d.messages) for d in documents)
    core.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=core,
        bos_token=SPECIAL[0],
        pad_token=SPECIAL[0],
        eos_token=SPECIAL[2],
        additional_special_tokens=[SPECIAL[1]],
        chat_template=TEMPLATE,
        model_max_length=1024,
        clean_up_tokenization_spaces=False,
    )


def save_tokenizer(tokenizer: PreTrainedTokenizerFast, folder: Path) -> None:
    """With the chat template and a class name where older readers look for them."""
    tokenizer.save_pretrained(folder)
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    path = folder / "tokenizer_config.json"
    fields = json.loads(path.read_text(encoding="utf-8"))
    for key in ("is_local", "local_files_only"):
        fields.pop(key, None)
    fields |= {"chat_template": TEMPLATE, "tokenizer_class": "PreTrainedTokenizerFast"}
    fields["additional_special_tokens"] = fields.pop("extra_special_tokens", [SPECIAL[1]])
    path.write_text(json.dumps(fields, indent=2) + "\n", encoding="utf-8")


def encode(documents: list[Document], tokenizer: PreTrainedTokenizerFast) -> torch.Tensor:
    """All documents one after another, each behind the start token; int64 [tokens]."""
    texts = [SPECIAL[0] + render(d, tokenizer) for d in documents]
    ids = tokenizer(texts, add_special_tokens=False, return_attention_mask=False)["input_ids"]
    return torch.tensor([token for row in ids for token in row])


def make_model() -> LlamaForCausalLM:
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY,
            hidden_size=192,
            intermediate_size=512,
            num_hidden_layers=4,
            num_attention_heads=6,
            num_key_value_heads=2,
            head_dim=32,
            max_position_embeddings=1024,
            rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
            rms_norm_eps=1e-5,
            tie_word_embeddings=True,
            bos_token_id=0,
            eos_token_id=2,
            pad_token_id=0,
            initializer_range=0.02,
        )
    )


def train_process(rank: int, processes: int, tokens: dict[str, torch.Tensor], seconds: float, folder: Path) -> None:
    """One of `processes` equal trainers; gradients are averaged over them."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=processes)
    torch.manual_seed(SEED)
    model = make_model()
    matrices = [p for p in model.model.layers.parameters() if p.ndim == 2]
    chosen = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    muon = torch.optim.Muon(matrices, lr=8e-3, weight_decay=0.05, adjust_lr_fn="match_rms_adamw")
    adam = torch.optim.AdamW(others, lr=8e-3, betas=(0.9, 0.95), weight_decay=0.0)
    peaks = {muon: 8e-3, adam: 8e-3}
    chance = torch.Generator().manual_seed(SEED + rank)
    order = torch.randperm((len(tokens["train"]) - 1) // CONTEXT, generator=torch.Generator().manual_seed(SEED))
    place, step = rank, 0
    while (done := share_done(seconds)) < 1:
        starts = []
        for _ in range(ROWS):
            jitter = int(torch.randint(CONTEXT, (1,), generator=chance))
            starts.append(min(int(order[place % len(order)]) * CONTEXT + jitter, len(tokens["train"]) - CONTEXT - 1))
            place += processes
        batch = torch.stack([tokens["train"][s : s + CONTEXT + 1] for s in starts])
        for optimizer, peak in peaks.items():
            for group in optimizer.param_groups:
                group["lr"] = peak * min(1, (step + 1) / 40) * min(1, (1 - done) / 0.5)
        loss = language_loss(model, batch)
        loss.backward()
        average(model, processes)
        for optimizer in peaks:
            optimizer.step()
            optimizer.zero_grad()
        step += 1
        if rank == 0 and step % 50 == 0:
            seen = step * ROWS * CONTEXT * processes
            print(json.dumps({"step": step, "tokens": seen, "loss": round(loss.item(), 3)}), flush=True)
    if rank == 0:
        save(model, folder)
        held = tokens["held_out"]
        rows = held[: (len(held) - 1) // CONTEXT * CONTEXT + 1].unfold(0, CONTEXT + 1, CONTEXT)
        with torch.no_grad():
            print(json.dumps({"held_out": round(language_loss(model, rows).item(), 4)}), flush=True)
    dist.destroy_process_group()


def share_done(seconds: float) -> float:
    """How much of the processor's time has gone, the same number in all processes."""
    done = torch.tensor(time.process_time() / seconds)
    dist.all_reduce(done, op=dist.ReduceOp.MAX)
    return float(done)


def average(model: torch.nn.Module, processes: int) -> None:
    """Gradients, averaged over processes and bounded in norm."""
    gradients = [p.grad for p in model.parameters() if p.grad is not None]
    flat = torch.cat([g.flatten() for g in gradients]) / processes
    dist.all_reduce(flat)
    flat /= max(1.0, float(flat.norm()))
    for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))


def language_loss(model: LlamaForCausalLM, batch: torch.Tensor) -> torch.Tensor:
    """Mean negative log-likelihood of each next token; `batch` is [rows, CONTEXT + 1]."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(input_ids=batch[:, :-1], use_cache=False).logits
    return F.cross_entropy(logits.float().flatten(0, 1), batch[:, 1:].flatten())


def save(model: LlamaForCausalLM, folder: Path) -> None:
    model.generation_config = GenerationConfig(bos_token_id=0, eos_token_id=2, pad_token_id=0)
    model.to(torch.float16).save_pretrained(folder)
    model.to(torch.float32)


if __name__ == "__main__":
    main()
