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
    """The longest phrase that begins at a position."""
    node = table.lexicon.phrases[table.texts[tokens[position]]]
    found, end = node, 0
    for reached in range(position + 1, len(tokens)):
        following = node.following.get(table.texts[tokens[reached]])
        if following is None:
            break
        node = following
        if node.concepts:
            found, end = node, reached + 1
    if not end:
        return None
    of_words = {concept for token in tokens[position:end] for concept in table.concepts[token]}
    return Mark(position, end, (*sorted(found.concepts), *sorted(of_words - found.concepts)))
