"""Writes tokenizers and what transformers makes of texts: `python tokens.py OUT [FOLDER ...]`.

`OUT/<name>/` gets a tokenizer of each kind, trained here; the FOLDERs given are read besides. `OUT/reference.json` has
for each of them the ids of texts, those with special tokens around them, and of conversations the ids and completion
indices by the rules of docs/trainer-contract.md.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import transformers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

LIMIT = 60
SPECIAL = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>", "[CLS]", "[SEP]"]
SENTENCE = (
    "The quick brown fox jumps over the lazy dog; 12345 times, isn't it? Größe, naïve café, Ελληνικά, русский язык. "
    "def f(x):\n    return x ** 2\n\n日本語の文章です。한국어 문장. "
)
TEXTS = [
    "",
    " ",
    "Hello, world!",
    "  leading and trailing  ",
    "line one\nline two\r\n\r\nline three\t\ttabs\n\n\n",
    "don't won't I'LL we've 'quoted' \"double\"",
    "1234567890 3.14159 1,000,000 ½ ² ①",
    "naïve café Größe ﬁ ﬀ Å Å e\u0301",
    "日本語 中文 한국어 ไทย العربية עברית हिन्दी",
    "🙂👍🏽👨‍👩‍👧‍👦 🇩🇪 ✈️",
    "zero\u200bwidth nb\u00a0space ideographic\u3000space \ufeff mark \u2028 separator",
    "control \x01\x02\x7f \x85 nul?",
    "a<|im_end|>b <|im_start|>user\nno</s> <s> [SEP] [CLS]",
    "averyveryverylongword" * 12,
    "((([[[{{{}}}]]])))!!!???...---___***///\\\\\\",
    "MiXeD CaSe SHOUTING camelCase snake_case kebab-case",
    "https://example.org/a?b=c&d=%20#e me@example.org",
    'x = {"a": [1, 2], "b": None}\n\tif x:\n\t\tprint(f"{x!r}")\n',
]
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
INST = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if m['role'] == 'user' %}{{ '[INST] ' + m['content'] | trim + ' [/INST]' }}"
    "{% elif m['role'] == 'assistant' %}{{ ' ' + m['content'] | trim + eos_token }}"
    "{% else %}{{ '<<SYS>>' + m['content'] + '<</SYS>>' }}{% endif %}{% endfor %}"
)

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
UNKNOWN = SPECIAL[0]


def main(out: Path, given: list[Path]) -> None:
    """Trains the tokenizers and writes the reference of all."""
    transformers.logging.set_verbosity_error()
    warnings.filterwarnings("ignore")
    folders = [*train_all(out), *given]
    reference = [{"folder": str(folder), **reference_of(folder)} for folder in folders]
    (out / "reference.json").write_text(json.dumps(reference))


def reference_of(folder: Path) -> dict[str, Any]:
    """Ids of texts and of conversations."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    chats = [encode_chat(tokenizer, messages) for messages in conversations()] if tokenizer.chat_template else []
    return {
        "limit": LIMIT,
        "texts": [{"text": text, **encode_text(tokenizer, text)} for text in TEXTS],
        "chats": chats,
    }


def encode_text(tokenizer: PreTrainedTokenizerFast, text: str) -> dict[str, list[int]]:
    """As it is, and as an encoder reads it."""
    wrapped = tokenizer(text, truncation=True, max_length=LIMIT)["input_ids"]
    return {"ids": tokenizer(text, add_special_tokens=False)["input_ids"], "wrapped": wrapped}


def encode_chat(tokenizer: PreTrainedTokenizerFast, messages: list[dict[str, Any]]) -> dict[str, Any]:
    """The rules of docs/trainer-contract.md, word by word."""

    def render(count: int, prompt: bool) -> str:
        return tokenizer.apply_chat_template(messages[:count], tokenize=False, add_generation_prompt=prompt)

    def is_scored(message: dict[str, Any]) -> bool:
        return message["role"] == "assistant" and message.get("weight") != 0

    last = max(i for i, message in enumerate(messages) if is_scored(message))
    whole = render(last + 1, False)
    pieces: list[tuple[str, bool]] = []
    at = 0
    for index, message in enumerate(messages[: last + 1]):
        if not is_scored(message) or index == 0:
            continue
        before, through = render(index, True), render(index + 1, False)
        if before == through or not through.startswith(before) or not whole.startswith(through):
            continue
        completion = through[len(before) :].rstrip()
        pieces += [(whole[at : len(before)], False), (completion, True)]
        at = len(before) + len(completion)
    ids: list[int] = []
    scored: list[int] = []
    for text, is_completion in pieces:
        piece = tokenizer(text, add_special_tokens=False)["input_ids"]
        if is_completion:
            scored += range(len(ids), len(ids) + len(piece))
        ids += piece
    return {
        "messages": messages,
        "text": whole,
        "ids": ids[:LIMIT],
        "completion": [i for i in scored if 0 < i < LIMIT],
        "cut": len(ids) > LIMIT,
    }


def conversations() -> list[list[dict[str, Any]]]:
    """Of all the texts, with and without a system turn, with one turn and with several."""

    def turn(role: str, content: str) -> dict[str, Any]:
        return {"role": role, "content": content}

    chats = []
    for index, text in enumerate(TEXTS):
        other = TEXTS[(index + 5) % len(TEXTS)]
        chats.append([turn("user", other), turn("assistant", text)])
        chats.append([turn("system", "Be brief."), turn("user", "Hi"), turn("assistant", "Yes."), turn("user", other)])
        chats.append([turn("user", "Hi"), turn("assistant", text), turn("user", "So?"), turn("assistant", other)])
    muted = turn("assistant", "Yes.") | {"weight": 0}
    chats.append([turn("user", "Hi"), muted, turn("user", "So?"), turn("assistant", "No."), turn("user", "Hm"), muted])
    return chats


def train_all(out: Path) -> list[Path]:
    """A tokenizer of every kind that the supported families use."""
    corpus = [SENTENCE, *TEXTS] * 3
    byte_alphabet = pre_tokenizers.ByteLevel.alphabet()

    def byte_level(split: Any) -> Tokenizer:
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = split
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=SPECIAL, initial_alphabet=byte_alphabet)
        tokenizer.train_from_iterator(corpus, trainer)
        return tokenizer

    llama3 = [
        pre_tokenizers.Split(Regex(LLAMA3), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ]
    digits = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]

    pieces = Tokenizer(models.BPE(unk_token=UNKNOWN, fuse_unk=True, byte_fallback=True))
    pieces.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    pieces.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    byte_tokens = [f"<0x{byte:02X}>" for byte in range(256)]
    pieces.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=800, special_tokens=[*SPECIAL, *byte_tokens]))

    words = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
    words.normalizer = normalizers.BertNormalizer(lowercase=True)
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words.train_from_iterator(corpus, trainers.WordPieceTrainer(vocab_size=500, special_tokens=SPECIAL))
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", SPECIAL.index("[CLS]")), ("[SEP]", SPECIAL.index("[SEP]"))]
    )

    kinds = {
        "byte-level": (byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False)), CHATML),
        "llama3": (byte_level(pre_tokenizers.Sequence(llama3)), CHATML),
        "digits": (byte_level(pre_tokenizers.Sequence(digits)), CHATML),
        "sentence-pieces": (pieces, INST),
        "word-pieces": (words, None),
    }
    return [saved(out / name, tokenizer, template) for name, (tokenizer, template) in kinds.items()]


def saved(folder: Path, tokenizer: Tokenizer, template: str | None) -> Path:
    """In Hugging Face's layout."""
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token=UNKNOWN,
        bos_token=SPECIAL[1],
        eos_token=SPECIAL[2],
        chat_template=template,
    )
    fast.save_pretrained(folder)
    return folder


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(folder) for folder in sys.argv[2:]])
