"""Where a text speaks of which concept (lexicon/README.md): single words and phrases, as positions of tokens."""

from __future__ import annotations

from typing import NamedTuple

from solicitation_detector.text.table import TokenTable


class Mark(NamedTuple):
    """Tokens ``start`` to ``end`` (exclusive) belong to these concepts, the weightiest first."""

    start: int
    end: int
    concepts: tuple[int, ...]


def find_marks(tokens: list[int], table: TokenTable) -> list[Mark]:
    """Concept marks in order, not overlapping; a phrase goes before the concepts of its words."""
    marks = []
    concepts, starts_phrase = table.concepts, table.starts_phrase
    skip_to = 0
    for position, token in enumerate(tokens):
        if position < skip_to:
            continue
        if starts_phrase[token] and (mark := _phrase(tokens, position, table)) is not None:
            marks.append(mark)
            skip_to = mark.end
        elif concepts[token]:
            marks.append(Mark(position, position + 1, concepts[token]))
    return marks


def _phrase(tokens: list[int], position: int, table: TokenTable) -> Mark | None:
    words = table.texts
    found: set[int] = set()
    length = 0
    for rest, concept in table.lexicon.phrases[words[tokens[position]]]:
        if len(rest) < length:
            break
        following = tokens[position + 1 : position + 1 + len(rest)]
        if len(following) == len(rest) and all(words[t] == word for t, word in zip(following, rest, strict=True)):
            found.add(concept)
            length = len(rest)
    if not found:
        return None
    end = position + 1 + length
    of_words = {concept for token in tokens[position:end] for concept in table.concepts[token]}
    return Mark(position, end, (*sorted(found), *sorted(of_words - found)))
