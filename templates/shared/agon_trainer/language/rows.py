"""Conversations as tokens, the way the evaluator does it.

See `docs/trainer-contract.md`, "How a conversation becomes tokens".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Message = dict[str, Any]
Messages = list[Message]


class Tokenizer(Protocol):
    """The part of a transformers tokenizer that is used here."""

    def apply_chat_template(self, conversation: Messages, **options: Any) -> Any: ...

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class Example:
    """`scored[i]` tells whether token `i` is part of a completion."""

    tokens: tuple[int, ...]
    scored: tuple[bool, ...]

    @property
    def completion_tokens(self) -> int:
        return sum(self.scored)


@dataclass(frozen=True, slots=True)
class Pair:
    chosen: Example
    rejected: Example


def encode_chat(
    tokenizer: Tokenizer, messages: Messages, tokens_max: int, *, last_only: bool = False
) -> Example | None:
    """Tokens of a conversation; None where no completion token is left. `last_only`: earlier answers are context."""
    tokens: list[int] = []
    scored: list[bool] = []
    for text, is_completion in _pieces(tokenizer, messages, last_only=last_only):
        ids = tokenizer.encode(text, add_special_tokens=False)
        tokens += ids
        scored += [is_completion] * len(ids)
    example = Example(tuple(tokens[:tokens_max]), tuple(scored[:tokens_max]))
    return example if example.completion_tokens else None


def encode_pair(tokenizer: Tokenizer, row: dict[str, Any], tokens_max: int) -> Pair | None:
    """A row of a preference dataset; None where either side has no completion token left."""
    prompt = row.get("prompt")
    turns: Messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else list(prompt or [])
    sides = [
        encode_chat(tokenizer, [*turns, {"role": "assistant", "content": row[key]}], tokens_max, last_only=True)
        for key in ("chosen", "rejected")
        if isinstance(row.get(key), str)
    ]
    if len(sides) < 2 or sides[0] is None or sides[1] is None:
        return None
    return Pair(sides[0], sides[1])


def _pieces(tokenizer: Tokenizer, messages: Messages, *, last_only: bool) -> list[tuple[str, bool]]:
    """The rendered conversation up to its last completion, in parts that are completions or not."""
    answers = [
        index
        for index, message in enumerate(messages)
        if index and message.get("role") == "assistant" and message.get("weight") != 0
    ]
    if not answers:
        return []
    whole = _render(tokenizer, messages[: answers[-1] + 1], ask=False)
    pieces: list[tuple[str, bool]] = []
    place = 0
    for index in answers[-1:] if last_only else answers:
        before = _render(tokenizer, messages[:index], ask=True)
        after = _render(tokenizer, messages[: index + 1], ask=False)
        completion = after[len(before) :].rstrip()
        if after.startswith(before) and whole.startswith(after) and completion:
            pieces += [(whole[place : len(before)], False), (completion, True)]
            place = len(before) + len(completion)
    return [(text, is_completion) for text, is_completion in pieces if text]


def _render(tokenizer: Tokenizer, messages: Sequence[Message], *, ask: bool) -> str:
    return str(tokenizer.apply_chat_template(list(messages), tokenize=False, add_generation_prompt=ask))
