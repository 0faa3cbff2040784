"""Texts as numbers of words and of pairs of neighbouring words, the same in Python and in an ONNX graph.

Standard operators split strings at given characters only. So a text is lower-cased (ASCII letters), split at spaces and
line breaks, and each piece looked up as it is; the dictionary holds every word also with the punctuation that clings to
it, as seen in training or as usual in writing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from onnx import TensorProto
from scipy.sparse import csr_matrix

from agon_trainer.graph import ML_DOMAIN, Graph

Ids = npt.NDArray[np.int64]

WORDS_MAX = 40_000
PAIRS_MAX = 40_000
PIECES_MAX = 200_000
PAIR_ROWS_MIN = 2
LINES_A_PIECE = 3  # further line breaks in one piece without a space stay
PAIR_BASE = 1 << 20
PADDING = -1  # number of an empty piece
INT64 = TensorProto.INT64
EDGE = re.compile(r"^\W+|\W+$")
BEFORE = ("", '"', "(", "'")
AFTER = ("", ".", ",", ";", ":", "!", "?", ")", '"', "'", ".)", "),", ").", '."', ',"', "...")
LOWER = str.maketrans({chr(c): chr(c + 32) for c in range(ord("A"), ord("Z") + 1)})


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """`pieces`: number of the word of each known piece. Numbers of pairs follow those of words; `width` is the last."""

    pieces: dict[str, int]
    words: int
    pairs: dict[int, int]

    @property
    def width(self) -> int:
        """How many words and pairs there are; the number of whatever is unknown."""
        return self.words + len(self.pairs)

    def numbers(self, text: str) -> list[int]:
        """Of the known words of a text, then of its known pairs, as often as they occur."""
        ids = [self.pieces.get(piece, -1) for piece in split(text)]
        pairs = (self.pairs.get(_pair(a, b)) for a, b in pairwise(ids))
        return [i for i in ids if i >= 0] + [i for i in pairs if i is not None]

    def counts(self, texts: Iterable[str]) -> csr_matrix:
        """[texts, width], float32."""
        columns: list[int] = []
        ends = [0]
        for text in texts:
            columns += self.numbers(text)
            ends.append(len(columns))
        values = np.ones(len(columns), dtype=np.float32)
        matrix = csr_matrix((values, np.array(columns, dtype=np.int64), ends), shape=(len(ends) - 1, self.width))
        matrix.sum_duplicates()
        return matrix

    def to_onnx(self, graph: Graph, column: str) -> str:
        """Numbers, int64 [N, any], of known words and pairs; `width` for unknown ones and past a text's end."""
        graph.at_least(20, 9)
        flat = graph.node("Reshape", graph.string_input(column), graph.integers([-1]))
        lower = graph.node("StringNormalizer", flat, case_change_action="LOWER", locale="C")
        pieces = graph.node("StringSplit", lower, spare=1)
        lines = graph.node("StringSplit", pieces, delimiter="\n", maxsplit=LINES_A_PIECE, spare=1)
        rows = graph.node("Gather", graph.node("Shape", flat), graph.integers([0]), axis=0)
        width = graph.node("ReduceProd", graph.node("Shape", lines, start=1), keepdims=1)
        pieces = graph.node("Reshape", lines, graph.node("Concat", rows, width, axis=0), allowzero=1)
        known = graph.node(
            "LabelEncoder",
            pieces,
            domain=ML_DOMAIN,
            keys_strings=[*self.pieces, ""],
            values_int64s=[*self.pieces.values(), PADDING],
            default_int64=self.width,
        )
        return self._with_pairs(graph, self._without_padding(graph, known, rows))

    def _without_padding(self, graph: Graph, known: str, rows: str) -> str:
        """Each word at the place that it has in its own text, and `width` behind the last one.

        Where one text of a batch has a line break in a piece, all pieces of the batch are padded, which would part the
        words of pairs and make an answer depend on its neighbours.
        """
        is_word = graph.node("Not", graph.node("Equal", known, graph.integers([PADDING])))
        place = graph.node("CumSum", graph.node("Cast", is_word, to=INT64), graph.constant(1, np.int64))
        size = graph.node("Shape", known, start=1)
        places = graph.node("Where", is_word, graph.node("Sub", place, graph.integers([1])), size)
        ids = graph.node("Where", is_word, known, graph.integers([self.width]))
        shape = graph.node("Concat", rows, graph.add(size, graph.integers([1])), axis=0)
        return graph.node(
            "ScatterElements", graph.node("Expand", graph.integers([self.width]), shape), places, ids, axis=1
        )

    def _with_pairs(self, graph: Graph, ids: str) -> str:
        if not self.pairs:
            return ids
        one = graph.integers([1])
        first = graph.node("Slice", ids, graph.integers([0]), graph.integers([-1]), one)
        second = graph.node("Slice", ids, one, graph.integers([np.iinfo(np.int64).max]), one)
        joined = graph.add(graph.mul(first, graph.integers([PAIR_BASE])), second)
        pairs = graph.node(
            "LabelEncoder",
            joined,
            domain=ML_DOMAIN,
            keys_int64s=list(self.pairs),
            values_int64s=list(self.pairs.values()),
            default_int64=self.width,
        )
        return graph.node("Concat", ids, pairs, axis=1)


def split(text: str) -> list[str]:
    """Pieces as the graph has them: empty ones are none."""
    return [part for piece in text.translate(LOWER).split(" ") for part in piece.split("\n", LINES_A_PIECE) if part]


def fit_words(texts: Sequence[str]) -> Words:
    """Words and pairs of the texts, the most frequent ones where there are too many."""
    counts = Counter(EDGE.sub("", piece) for text in texts for piece in split(text))
    del counts[""]
    words = {word: number for number, (word, _) in enumerate(counts.most_common(WORDS_MAX))}
    pieces = dict(words)
    for piece in (piece for text in texts for piece in split(text)):
        word = EDGE.sub("", piece)
        if word in words and len(pieces) < PIECES_MAX:
            pieces.setdefault(piece, words[word])
    for word, number in words.items():
        if len(pieces) >= PIECES_MAX:
            break
        for piece in (before + word + after for before in BEFORE for after in AFTER):
            pieces.setdefault(piece, number)
    pieces.pop("", None)
    alone = Words(pieces, len(words), {})
    return Words(pieces, len(words), _fit_pairs(alone, texts))


def _fit_pairs(words: Words, texts: Sequence[str]) -> dict[int, int]:
    counts: Counter[int] = Counter()
    for text in texts:
        ids = [words.pieces.get(piece, -1) for piece in split(text)]
        counts.update({_pair(a, b) for a, b in pairwise(ids) if a >= 0 and b >= 0})
    frequent = [pair for pair, rows in counts.most_common(PAIRS_MAX) if rows >= PAIR_ROWS_MIN]
    return {pair: words.words + number for number, pair in enumerate(frequent)}


def _pair(first: int, second: int) -> int:
    return -1 if first < 0 or second < 0 else first * PAIR_BASE + second
