"""Conversations become tokens as the contract says. One token is one character here, a special token counts as one."""

import re
from typing import Any

import pytest

from agon_trainer.language.rows import Messages, encode_chat, encode_pair

END = "<|im_end|>"


class Characters:
    """ChatML over characters; `forgets`: a template that leaves earlier answers out, as some do with thoughts."""

    def __init__(self, *, forgets: bool = False) -> None:
        self.forgets = forgets

    def apply_chat_template(self, conversation: Messages, **options: Any) -> str:
        last = len(conversation) - 1
        text = ""
        for index, message in enumerate(conversation):
            hidden = self.forgets and message["role"] == "assistant" and index < last
            text += f"<|{message['role']}|>{'' if hidden else message['content']}{END}\n"
        return text + ("<|assistant|>" if options["add_generation_prompt"] else "")

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        assert not add_special_tokens
        return [hash(part) for part in re.findall(r"<\|\w+\|>|.", text, flags=re.DOTALL)]


def turns(*contents: str) -> Messages:
    return [{"role": ("user", "assistant")[i % 2], "content": text} for i, text in enumerate(contents)]


def test_only_answers_and_the_ends_of_their_turns_are_scored() -> None:
    example = encode_chat(Characters(), turns("ab", "cde", "f", "gh"), 100)
    assert example is not None
    before = [False] * (1 + 2 + 1 + 1 + 1)  # <|user|> a b <|im_end|> newline <|assistant|>
    between = [False] * (1 + 1 + 1 + 1 + 1 + 1)  # newline <|user|> f <|im_end|> newline <|assistant|>
    assert list(example.scored) == before + [True] * 4 + between + [True] * 3
    assert example.tokens[len(before) + 3] == hash(END)


def test_an_answer_of_weight_0_is_read_and_not_scored() -> None:
    whole = encode_chat(Characters(), turns("ab", "cde", "f", "gh"), 100)
    muted = turns("ab", "cde", "f", "gh", "i", "jk")
    muted[1]["weight"] = muted[5]["weight"] = 0
    example = encode_chat(Characters(), muted, 100)
    assert whole is not None
    assert example is not None
    assert example.tokens == whole.tokens
    assert example.completion_tokens == 3


def test_what_follows_the_last_answer_is_cut_off() -> None:
    assert encode_chat(Characters(), turns("a", "b", "c"), 100) == encode_chat(Characters(), turns("a", "b"), 100)


def test_a_template_that_rewrites_earlier_answers_leaves_only_the_last() -> None:
    example = encode_chat(Characters(forgets=True), turns("a", "bcd", "e", "fg"), 100)
    assert example is not None
    assert example.completion_tokens == 3


def test_long_rows_are_cut_and_dropped_where_no_answer_is_left() -> None:
    whole = encode_chat(Characters(), turns("ab", "cde"), 100)
    cut = encode_chat(Characters(), turns("ab", "cde"), 8)
    assert whole is not None
    assert cut is not None
    assert cut.tokens == whole.tokens[:8]
    assert cut.completion_tokens == 2
    assert encode_chat(Characters(), turns("ab", "cde"), 6) is None


@pytest.mark.parametrize("messages", [[], turns("only a question"), [{"role": "assistant", "content": "unasked"}]])
def test_rows_without_an_answer_are_dropped(messages: Messages) -> None:
    assert encode_chat(Characters(), messages, 100) is None


def test_a_pair_scores_its_last_answers_only() -> None:
    pair = encode_pair(Characters(), {"prompt": turns("a", "b", "c"), "chosen": "de", "rejected": "f"}, 100)
    assert pair is not None
    assert (pair.chosen.completion_tokens, pair.rejected.completion_tokens) == (3, 2)
    plain = encode_pair(Characters(), {"prompt": "a", "chosen": "b", "rejected": "c"}, 100)
    assert plain is not None
    assert plain.chosen == encode_chat(Characters(), turns("a", "b"), 100)


@pytest.mark.parametrize("row", [{}, {"prompt": "a", "chosen": "b"}, {"prompt": "a", "chosen": "b", "rejected": None}])
def test_half_a_pair_is_dropped(row: dict[str, Any]) -> None:
    assert encode_pair(Characters(), row, 100) is None
