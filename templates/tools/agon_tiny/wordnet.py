"""Reads WordNet's `data.*` files (the format of `wndb(5WN)`): one synset a line, its gloss after the bar."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

PARTS = {"noun": "noun", "verb": "verb", "adj": "adjective", "adv": "adverb"}
RESERVED_SHARE = 5


@dataclass(frozen=True, slots=True)
class Synset:
    """`category` is the number of the lexicographer's file, such as 5 for animals."""

    key: str
    part: str
    category: int
    words: tuple[str, ...]
    definition: str
    examples: tuple[str, ...]

    @property
    def reserved(self) -> bool:
        """A fifth is kept out of pre-training: datasets for fine-tuning are made of it."""
        return hashlib.sha256(self.key.encode()).digest()[0] % RESERVED_SHARE == 0


def read_wordnet(folder: Path) -> list[Synset]:
    """All synsets of `data.noun`, `data.verb`, `data.adj` and `data.adv`."""
    found: list[Synset] = []
    for suffix, part in PARTS.items():
        lines = (folder / f"data.{suffix}").read_text(encoding="utf-8").splitlines()
        found += [_synset(line, part) for line in lines if not line.startswith("  ")]  # those hold the licence
    return found


def _synset(line: str, part: str) -> Synset:
    head, _, gloss = line.partition(" | ")
    fields = head.split(" ")
    count = int(fields[3], 16)
    words = tuple(re.sub(r"\([a-z]+\)$", "", fields[4 + 2 * i]).replace("_", " ") for i in range(count))
    examples = tuple(text.strip() for text in re.findall(r'"([^"]+)"', gloss))
    definition = re.split(r';\s*"|\s*"', gloss, maxsplit=1)[0].strip().rstrip(";:, ").strip()
    return Synset(f"{part}:{fields[0]}", part, int(fields[1]), words, definition, examples)
