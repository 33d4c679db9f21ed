"""What the classifier sees of a message.

A *unit* is one sentence with what is known around it: its neighbours, the history, sender role and payment status. Every
unit is a row of hashed n-grams (Weinberger et al. 2009, "Feature hashing for large scale multitask learning"): of words, of
words with concepts as place-holders, of concepts alone, and of characters within words. Scores are pooled over units, so
that padding does not dilute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from solicitation_detector.messages import Message, PaymentStatus, SenderRole
from solicitation_detector.text.concepts import Mark, find_marks
from solicitation_detector.text.lexicon import CONCEPTS, Lexicon
from solicitation_detector.text.table import character_grams
from solicitation_detector.text.tokens import ParsedText, Tokeniser

N_BITS = 20
SHORT_UNIT_TOKENS = 6
_HISTORY_TURNS_IN_DETAIL = 2

_U64 = np.uint64
_BOUNDARY = _U64(0x9E3779B97F4A7C15)
_MULTIPLIERS = (_U64(0xBF58476D1CE4E5B9), _U64(0x94D049BB133111EB), _U64(0xD6E8FEB86659FD93))
_CONCEPT_HASHES = np.arange(1, len(CONCEPTS) + 1, dtype=_U64) * _U64(0xC2B2AE3D27D4EB4F)
_ROLE_SALT = {role: _U64(101 + i) for i, role in enumerate(SenderRole)}
_PAYMENT_SALT = {status: _U64(201 + i) for i, status in enumerate(PaymentStatus)}


class Analysis(NamedTuple):
    """A text after the spaCy stage."""

    parsed: ParsedText
    marks: list[Mark]


class Batch(NamedTuple):
    """Messages of a batch, analysed.

    Attributes:
        units: sparse features, shape ``(n_units, 2**N_BITS)``.
        unit_message: for each unit the index of its message, ascending.
        analyses: one a message.
    """

    units: csr_matrix
    unit_message: NDArray[np.intp]
    analyses: list[Analysis]


class FeatureExtractor:
    """Messages in, units out. Stateless apart from what it remembers for speed."""

    def __init__(self, *, remember: bool = True) -> None:
        self.tokeniser = Tokeniser(Lexicon.load(), remember=remember)
        self._grams: list[NDArray[np.uint64]] = []

    def analyse(self, text: str) -> Analysis:
        """Tokens, sentences and concept marks of one text."""
        parsed = self.tokeniser.parse(text)
        return Analysis(parsed, find_marks(parsed.tokens, self.tokeniser.table))

    def extract(self, messages: Sequence[Message]) -> Batch:
        """Units of a batch. A message without any token has one unit without n-grams."""
        analyses = [self.analyse(message.text) for message in messages]
        writer = _UnitWriter(self)
        for index, (message, analysis) in enumerate(zip(messages, analyses, strict=True)):
            writer.add(index, message, analysis)
        return Batch(*writer.finish(), analyses)

    def grams(self, token: int) -> NDArray[np.uint64]:
        """Hashes of a token's character n-grams."""
        table = self.tokeniser.table
        while len(self._grams) < len(table):
            words = character_grams(table.texts[len(self._grams)])
            self._grams.append(np.array([hash_text(word) for word in words], dtype=_U64))
        return self._grams[token]


def hash_text(text: str) -> int:
    """64-bit FNV-1a of a text, the same on every machine and in every process."""
    value = 0xCBF29CE484222325
    for byte in text.encode("utf-8", "surrogatepass"):
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


class _UnitWriter:
    """Collects (unit, feature) pairs of a batch."""

    def __init__(self, extractor: FeatureExtractor) -> None:
        self._extractor = extractor
        self._hashes = extractor.tokeniser.table.hashes
        self._rows: list[NDArray[np.uint64]] = []
        self._messages: list[int] = []

    def add(self, index: int, message: Message, analysis: Analysis) -> None:
        units = _units(analysis, self._hashes)
        history = _history_features(self._extractor, message, self._hashes)
        about = np.array([_ROLE_SALT[message.sender_role], _PAYMENT_SALT[message.payment_status]], dtype=_U64)
        for position, unit in enumerate(units):
            around = [
                _salted(units[position + step].concepts, 60 + step)
                for step in (-1, 1)
                if 0 <= position + step < len(units)
            ]
            own = self._own(unit)
            crossed = _crossed(unit, message)
            recalled = history.joined_with(unit)
            place = np.array([hash_text(_place(position, len(units)) + _size(unit))], dtype=_U64)
            self._rows.append(np.concatenate([own, crossed, *around, *recalled, _salted(about, 50), place]))
            self._messages.append(index)

    def _own(self, unit: _Unit) -> NDArray[np.uint64]:
        words, mixed, concepts = unit.words, unit.mixed, unit.concepts
        grams = [self._extractor.grams(token) for token in unit.tokens]
        return np.concatenate([
            _salted(words, 1), _ngrams(words, 2, 2), _ngrams(words, 3, 3), _skipgrams(words, 4),
            _salted(mixed, 11), _ngrams(mixed, 2, 12), _ngrams(mixed, 3, 13), _skipgrams(mixed, 14),
            _salted(unit.all_concepts, 21), _ngrams(concepts, 2, 22), _ngrams(concepts, 3, 23), _skipgrams(concepts, 24),
            _salted(np.concatenate(grams), 31) if grams else words[:0],
        ])  # fmt: skip

    def finish(self) -> tuple[csr_matrix, NDArray[np.intp]]:
        shift = _U64(64 - N_BITS)
        columns = [np.unique((row * _MULTIPLIERS[0]) >> shift) for row in self._rows]
        indptr = np.concatenate([[0], np.cumsum([len(c) for c in columns])])
        indices = np.concatenate(columns).astype(np.int32) if columns else np.zeros(0, np.int32)
        data = np.ones(len(indices), dtype=np.float32)
        matrix = csr_matrix((data, indices, indptr), shape=(len(columns), 1 << N_BITS))
        return matrix, np.array(self._messages, dtype=np.intp)


class _Unit(NamedTuple):
    tokens: list[int]
    words: NDArray[np.uint64]  # with a boundary at both ends
    mixed: NDArray[np.uint64]  # words, or the place-holder of their concept
    concepts: NDArray[np.uint64]  # the weightiest of each mark
    all_concepts: NDArray[np.uint64]


def _units(analysis: Analysis, hashes: NDArray[np.uint64]) -> list[_Unit]:
    tokens, starts, _ = analysis.parsed
    bounds = [*starts, len(tokens)]
    sentences = zip(bounds, bounds[1:], strict=False) if starts else [(0, 0)]
    units, marks, done = [], analysis.marks, 0
    for start, end in sentences:
        first = done
        while done < len(marks) and marks[done].start < end:
            done += 1
        units.append(_unit(tokens[start:end], [m for m in marks[first:done]], start, hashes))
    return units


def _unit(tokens: list[int], marks: list[Mark], offset: int, hashes: NDArray[np.uint64]) -> _Unit:
    words = hashes[tokens] if tokens else np.zeros(0, dtype=_U64)
    mixed, position = [], 0
    for mark in marks:
        mixed.append(words[position : mark.start - offset])
        mixed.append(_CONCEPT_HASHES[mark.concepts[0] : mark.concepts[0] + 1])
        position = mark.end - offset
    mixed.append(words[position:])
    boundary = np.array([_BOUNDARY], dtype=_U64)
    return _Unit(
        tokens,
        np.concatenate([boundary, words, boundary]),
        np.concatenate([boundary, *mixed, boundary]),
        _CONCEPT_HASHES[[mark.concepts[0] for mark in marks]],
        _CONCEPT_HASHES[[concept for mark in marks for concept in mark.concepts]],
    )


class _History(NamedTuple):
    alone: list[NDArray[np.uint64]]
    last_concepts: NDArray[np.uint64]

    def joined_with(self, unit: _Unit) -> list[NDArray[np.uint64]]:
        """The history's features, and pairs of its last turn's concepts with the unit's concepts, or words if it is short."""
        own = unit.words if len(unit.tokens) <= SHORT_UNIT_TOKENS else unit.all_concepts
        return [*self.alone, _pairs(own, self.last_concepts, 45)] if self.alone else []


def _history_features(extractor: FeatureExtractor, message: Message, hashes: NDArray[np.uint64]) -> _History:
    none = np.zeros(0, dtype=_U64)
    if not message.history:
        return _History([], none)
    alone, last = [], none
    for age, turn in enumerate(reversed(message.history)):
        unit = _whole(extractor.analyse(turn.text), extractor.tokeniser.table.hashes)
        side = 0 if turn.sender_role == message.sender_role else 1
        alone.append(_salted(unit.all_concepts, 410 + side))
        if age < _HISTORY_TURNS_IN_DETAIL:
            salt = 420 + 20 * age + 10 * side
            alone += [
                _salted(unit.mixed, salt), _ngrams(unit.mixed, 2, salt + 1), _salted(unit.all_concepts, salt + 2),
                _ngrams(unit.concepts, 2, salt + 3),
            ]  # fmt: skip
        if age == 0:
            last = _salted(unit.all_concepts, side)
    return _History(alone, last)


def _whole(analysis: Analysis, hashes: NDArray[np.uint64]) -> _Unit:
    return _unit(analysis.parsed.tokens, analysis.marks, 0, hashes)


def _crossed(unit: _Unit, message: Message) -> NDArray[np.uint64]:
    """Concepts and place-holder words together with who writes and how the order is paid."""
    role, payment = int(_ROLE_SALT[message.sender_role]), int(_PAYMENT_SALT[message.payment_status])
    return np.concatenate([
        _salted(unit.mixed, 1000 + role), _ngrams(unit.mixed, 2, 2000 + role), _ngrams(unit.concepts, 2, 3000 + role),
        _salted(unit.all_concepts, 1000 + payment), _ngrams(unit.concepts, 2, 3000 + payment),
    ])  # fmt: skip


def _salted(values: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    return (values ^ (values >> _U64(29))) * _MULTIPLIERS[1] + _U64(salt * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF)


def _ngrams(values: NDArray[np.uint64], n: int, salt: int) -> NDArray[np.uint64]:
    if len(values) < n:
        return values[:0]
    result = values[: len(values) - n + 1]
    for offset in range(1, n):
        result = _salted(result, 7) ^ values[offset : len(values) - n + 1 + offset]
    return _salted(result, salt)


def _skipgrams(values: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    return _salted(_salted(values[:-2], 7) ^ values[2:], salt)


def _pairs(left: NDArray[np.uint64], right: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    return _salted((_salted(left, 7)[:, None] ^ right[None, :]).ravel(), salt)


def _place(position: int, count: int) -> str:
    return "only" if count == 1 else "first" if position == 0 else "last" if position == count - 1 else "inner"


def _size(unit: _Unit) -> str:
    return str(min(len(unit.tokens).bit_length(), 6))
