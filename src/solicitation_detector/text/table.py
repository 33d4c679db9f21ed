"""The token table: what the features need to know of each distinct token, computed once."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray
from spacy.strings import get_string_id

from solicitation_detector.text import disguise
from solicitation_detector.text.kinds import EMAIL, HANDLE, MASK, PHONE, URL
from solicitation_detector.text.lexicon import CONCEPT_INDEX, Lexicon

MAX_CONCEPTS = 4
NO_CONCEPT = -1
_CHARACTER_GRAMS = (3, 4, 5)
_MAX_GRAM_WORD = 24
_NUMBER_WORD = CONCEPT_INDEX["number_word"]
_KIND_CONCEPTS = {EMAIL: "contact_noun", HANDLE: "contact_noun", PHONE: "contact_noun"}
_HOST_CONCEPTS = ("messenger", "payment_rail", "platform", "work_tool", "call")
_SHORT_HOSTS = {
    "t.me": "messenger",
    "wa.me": "messenger",
    "m.me": "messenger",
    "calendly.com": "contact_noun",
    "paypal.me": "payment_rail",
}


class TokenTable:
    """Distinct tokens by index; grows as new ones are met.

    Attributes:
        texts: the normalised token, or its place-holder (:mod:`.kinds`).
        clues: what disguise over several tokens it may be part of (:mod:`.disguise`), as a bit set.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.texts: list[str] = []
        self.clues: list[int] = []
        self.concepts: list[tuple[int, ...]] = []
        self.starts_phrase: list[bool] = []
        self._indices: dict[str, int] = {}
        self._hashes = array("Q")
        self._name_parts = frozenset(name[:cut] for name in lexicon.names if len(name) >= 6 for cut in range(2, len(name) - 1))

    def __len__(self) -> int:
        return len(self.texts)

    def index(self, token: str) -> int:
        """The token's index; a new one is added."""
        known = self._indices.get(token)
        if known is not None:
            return known
        index = self._indices[token] = len(self.texts)
        self.texts.append(token)
        self._hashes.append(get_string_id(token))
        self.concepts.append(self._concepts_of(token)[:MAX_CONCEPTS])
        self.starts_phrase.append(token in self.lexicon.phrases)
        self.clues.append(self._clues_of(token))
        return index

    @property
    def hashes(self) -> NDArray[np.uint64]:
        """64-bit hash of every token (a copy)."""
        return np.array(self._hashes, dtype=np.uint64)

    def _concepts_of(self, token: str) -> tuple[int, ...]:
        if token.startswith(URL):
            return self._concepts_of_host(token.removeprefix(URL))
        if token in _KIND_CONCEPTS:
            return (CONCEPT_INDEX[_KIND_CONCEPTS[token]],)
        return tuple(concept for concept in self.lexicon.concepts(token) if concept != _NUMBER_WORD)

    def _concepts_of_host(self, host: str) -> tuple[int, ...]:
        if host in _SHORT_HOSTS:
            return (CONCEPT_INDEX[_SHORT_HOSTS[host]],)
        wanted = {CONCEPT_INDEX[concept] for concept in _HOST_CONCEPTS}
        found = {c for part in host.split(".") for c in self.lexicon.words.get(part, ()) if c in wanted}
        return tuple(sorted(found))

    def _clues_of(self, token: str) -> int:
        clues = disguise.clues_of_word(token)
        if token in self._name_parts:
            clues |= disguise.NAME_PART
        if _NUMBER_WORD in self.lexicon.words.get(token, ()):
            clues |= disguise.NUMBER
        return clues


def character_grams(token: str) -> list[str]:
    """Character n-grams of a word with its edges marked; none for place-holders and single characters.

    >>> character_grams("abc")
    ['_ab', 'abc', 'bc_', '_abc', 'abc_', '_abc_']
    """
    if len(token) < 2 or token[0] == "<" or token == MASK:
        return []
    word = f"_{token[:_MAX_GRAM_WORD]}_"
    return [word[i : i + n] for n in _CHARACTER_GRAMS for i in range(len(word) - n + 1)]
