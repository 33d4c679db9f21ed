"""What the classifier sees of a message.

A *unit* is one sentence with what is known beside it: the history, sender role and payment status. Every
unit is a row of hashed n-grams (Weinberger et al. 2009, "Feature hashing for large scale multitask learning"): of words, of
words with concepts as place-holders, of concepts alone, and of characters within words. Scores are pooled over units, so
that padding does not dilute.

All work is done for a whole batch at a time on flat arrays of 64-bit symbols; a feature is the hash of symbols and a salt.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from solicitation_detector.hashing import MULTIPLIER, Hashes, Indices, crossed, hash_text, ngrams, salted, skipgrams
from solicitation_detector.messages import Message, PaymentStatus, SenderRole, Turn
from solicitation_detector.text.concepts import Mark, find_marks
from solicitation_detector.text.lexicon import CONCEPTS, Lexicon
from solicitation_detector.text.table import character_grams
from solicitation_detector.text.tokens import ParsedText, Tokeniser

N_BITS = 22
SHORT_UNIT_TOKENS = 6
DETAILED_TURNS = 2
SCORED_TURNS = 4
FACTS = ("client", "freelancer", "unpaid", "escrowed", "paid", "history turns")
MAX_CONCEPT_COUNT = 5

_U64 = np.uint64
_BOUNDARY = 0  # the token index that stands for the edge of a unit
_ROLES = {role: i for i, role in enumerate(SenderRole)}
_PAYMENTS = {status: i for i, status in enumerate(PaymentStatus)}


class Analysis(NamedTuple):
    """A text after the spaCy stage."""

    parsed: ParsedText
    marks: list[Mark]


class Batch(NamedTuple):
    """Messages of a batch, analysed.

    Attributes:
        units: sparse counts scaled by one over the square root of a row's sum, shape ``(n_units, 2**N_BITS)``.
        unit_message: for each unit the index of its message, ascending.
        unit_concepts: how often each concept occurs in a unit, five at most, shape ``(n_units, n_concepts)``.
        facts: what is known beside the words, float, shape ``(n_messages, n_facts)``; columns in :data:`FACTS`.
        analyses: one a message.
    """

    units: csr_matrix
    unit_message: Indices
    unit_concepts: NDArray[np.int8]
    facts: NDArray[np.float64]
    analyses: list[Analysis]


class Turns(NamedTuple):
    """The recent history of a batch, each turn as a message of its own.

    Attributes:
        batch: the turns.
        owner: for each turn the index of the message whose history it is in.
        age: 0 for the turn just before the message, 1 for the one before that, and so on.
        same_side: whether the turn has the sender role of the message.
    """

    batch: Batch
    owner: Indices
    age: Indices
    same_side: NDArray[np.bool_]


class FeatureExtractor:
    """Messages in, units out. Stateless apart from what it remembers for speed."""

    def __init__(self, *, remember: bool = True) -> None:
        self.tokeniser = Tokeniser(Lexicon.load(), remember=remember)
        self.tokeniser.table.index("<boundary>")
        self._grams: list[Hashes] = []

    def analyse(self, text: str) -> Analysis:
        """Tokens, sentences and concept marks of one text."""
        parsed = self.tokeniser.parse(text)
        return Analysis(parsed, find_marks(parsed.tokens, self.tokeniser.table))

    def extract(self, messages: Sequence[Message]) -> Batch:
        """Units of a batch. A message without any token has one unit without words."""
        analyses = [self.analyse(message.text) for message in messages]
        streams = _Streams()
        unit_message = []
        for index, (message, analysis) in enumerate(zip(messages, analyses, strict=True)):
            unit_message += [index] * streams.add(message, analysis, self._history(message))
        facts = np.array([_facts(message) for message in messages], dtype=np.float64).reshape(-1, len(FACTS))
        return Batch(self._matrix(streams), np.array(unit_message, dtype=np.intp), streams.concept_counts(), facts, analyses)

    def extract_turns(self, messages: Sequence[Message]) -> Turns:
        """The last ``SCORED_TURNS`` turns before each message."""
        turns = [
            (owner, age, turn, message)
            for owner, message in enumerate(messages)
            for age, turn in enumerate(reversed(message.history[-SCORED_TURNS:]))
            if turn.text
        ]
        alone = [
            Message(text=turn.text, sender_role=turn.sender_role, payment_status=message.payment_status)
            for _, _, turn, message in turns
        ]
        return Turns(
            self.extract(alone),
            np.array([owner for owner, *_ in turns], dtype=np.intp),
            np.array([age for _, age, *_ in turns], dtype=np.intp),
            np.array([turn.sender_role == message.sender_role for *_, turn, message in turns], dtype=bool),
        )

    def without(self, message: Message, analysis: Analysis, unit: int, windows: Sequence[tuple[int, int]]) -> csr_matrix:
        """Features of one unit, once for each window of its tokens that is left out; shape ``(n_windows, 2**N_BITS)``."""
        streams, history = _Streams(), self._history(message)
        units = _units(analysis)
        offset = analysis.parsed.sentence_starts[unit]
        for start, end in windows:
            tokens = units[unit].tokens[: start - offset] + units[unit].tokens[end - offset :]
            left = _unit(tokens, find_marks(tokens, self.tokeniser.table), 0)
            streams.add_unit(message, left, history)
        return self._matrix(streams)

    def _history(self, message: Message) -> list[_Turn]:
        """The turns before a message, the last first."""
        return [
            ("own" if turn.sender_role == message.sender_role else "other", _whole(self.analyse(turn.text)))
            for turn in reversed(message.history)
        ]

    def _matrix(self, streams: _Streams) -> csr_matrix:
        features = list(streams.features(self.tokeniser.table.hashes))
        features.append(self._character_grams(*streams.tokens()))
        units = np.concatenate([units for units, _ in features])
        columns = (np.concatenate([hashes for _, hashes in features]) * MULTIPLIER) >> _U64(64 - N_BITS)
        shape = (streams.n_units, 1 << N_BITS)
        counts = csr_matrix((np.ones(len(units), np.float32), (units, columns.astype(np.int32))), shape=shape)
        sizes = np.maximum(np.bincount(units, minlength=streams.n_units), 1)
        counts.data /= np.repeat(np.sqrt(sizes).astype(np.float32), np.diff(counts.indptr))
        return counts

    def _character_grams(self, units: Indices, tokens: Indices) -> tuple[Indices, Hashes]:
        grams = [self.grams(token) for token in tokens.tolist()]
        repeated = np.repeat(units, [len(g) for g in grams])
        return repeated, np.concatenate(grams) if grams else np.zeros(0, _U64)

    def grams(self, token: int) -> Hashes:
        """Hashes of a token's character n-grams."""
        table = self.tokeniser.table
        while len(self._grams) < len(table):
            words = character_grams(table.texts[len(self._grams)])
            self._grams.append(np.array([hash_text(word) for word in words], dtype=_U64))
        return self._grams[token]


def fingerprint() -> str:
    """Hash of what a few probing messages are turned into: a model goes with the features that it was fitted on."""
    turn = Turn("ok, and the number? +44 7700 900 123", SenderRole.CLIENT)
    messages = [
        Message(text="Let's use wh@tsapp: j o at acme dot example! 20 % off, l'extérieur.", sender_role=SenderRole.CLIENT),
        Message(text="sure\nПиши в телеграм, $50", payment_status=PaymentStatus.PAID, history=(turn, turn)),
    ]
    batch = FeatureExtractor().extract(messages)
    digest = sha256()
    for array in (batch.units.indices, batch.units.indptr, batch.unit_concepts, batch.facts):
        digest.update(array.astype("<f8").tobytes())
    return digest.hexdigest()


class _Stream:
    """Symbols of many units in a row. A symbol is a token's index, or ``-1 - concept``."""

    def __init__(self) -> None:
        self.units: list[int] = []
        self.symbols: list[int] = []

    def extend(self, unit: int, symbols: list[int]) -> None:
        self.units.extend([unit] * len(symbols))
        self.symbols.extend(symbols)

    def arrays(self, hashes: Hashes) -> tuple[Indices, Hashes]:
        symbols = np.array(self.symbols, dtype=np.intp)
        values = np.where(symbols >= 0, hashes[np.maximum(symbols, 0)], _CONCEPT_HASHES[np.maximum(-1 - symbols, 0)])
        return np.array(self.units, dtype=np.intp), values


class _Streams:
    """The flat symbol streams of a batch."""

    def __init__(self) -> None:
        self.n_units = 0
        self.words, self.mixed, self.concepts, self.all_concepts = _Stream(), _Stream(), _Stream(), _Stream()
        self.turns: dict[str, _Stream] = {}
        self.pairs: list[tuple[int, list[int], list[int]]] = []
        self.contexts: list[tuple[int, int]] = []
        self.facts: list[tuple[int, str]] = []

    def add(self, message: Message, analysis: Analysis, history: list[_Turn]) -> int:
        """Append a message's units and return how many they are."""
        units = _units(analysis)
        for unit in units:
            self.add_unit(message, unit, history)
        return len(units)

    def add_unit(self, message: Message, unit: _Unit, history: list[_Turn]) -> None:
        """Append one unit. What stands around it is left out, so that padding changes nothing."""
        index = self.n_units
        self.words.extend(index, [_BOUNDARY, *unit.tokens, _BOUNDARY])
        self.mixed.extend(index, [_BOUNDARY, *unit.mixed, _BOUNDARY])
        self.concepts.extend(index, unit.concepts)
        self.all_concepts.extend(index, unit.all_concepts)
        self.contexts.append((_ROLES[message.sender_role], _PAYMENTS[message.payment_status]))
        self.facts.append((index, f"size {min(len(unit.tokens).bit_length(), 6)}"))
        for age, turn in enumerate(history):
            self._add_turn(index, unit, age, turn)
        self.n_units += 1

    def _add_turn(self, index: int, unit: _Unit, age: int, turn: _Turn) -> None:
        side, said = turn
        self._turn(f"any {side} concepts").extend(index, said.all_concepts)
        if age < DETAILED_TURNS:
            self._turn(f"{age} {side} mixed").extend(index, [_BOUNDARY, *said.mixed, _BOUNDARY])
            self._turn(f"{age} {side} concepts").extend(index, said.concepts)
        if age == 0:
            short = len(unit.tokens) <= SHORT_UNIT_TOKENS
            self.pairs.append((index, unit.tokens if short else unit.all_concepts, said.all_concepts))
            self.facts.append((index, f"last turn {side}"))

    def _turn(self, name: str) -> _Stream:
        return self.turns.setdefault(name, _Stream())

    def concept_counts(self) -> NDArray[np.int8]:
        """How often each concept occurs in each unit, ``MAX_CONCEPT_COUNT`` at most."""
        counts = np.zeros((self.n_units, len(CONCEPTS)), dtype=np.int64)
        symbols = np.array(self.all_concepts.symbols, dtype=np.intp)
        np.add.at(counts, (np.array(self.all_concepts.units, dtype=np.intp), -1 - symbols), 1)
        return np.minimum(counts, MAX_CONCEPT_COUNT).astype(np.int8)

    def tokens(self) -> tuple[Indices, Indices]:
        """Unit and token index of every token."""
        symbols = np.array(self.words.symbols, dtype=np.intp)
        real = symbols != _BOUNDARY
        return np.array(self.words.units, dtype=np.intp)[real], symbols[real]

    def features(self, hashes: Hashes) -> list[tuple[Indices, Hashes]]:
        """Pairs of unit indices and feature hashes, one pair a group of features."""
        words, mixed = self.words.arrays(hashes), self.mixed.arrays(hashes)
        concepts, all_concepts = self.concepts.arrays(hashes), self.all_concepts.arrays(hashes)
        role, payment = np.array(self.contexts, dtype=np.uint64).reshape(-1, 2).T
        mixed_pairs, concept_pairs = ngrams(mixed, 2, "mixed 2"), ngrams(concepts, 2, "concepts 2")
        everyone = np.arange(self.n_units)
        return [
            salted(words, "words"), ngrams(words, 2, "words 2"), ngrams(words, 3, "words 3"),
            skipgrams(words, "words skip"),
            salted(mixed, "mixed"), mixed_pairs, ngrams(mixed, 3, "mixed 3"), skipgrams(mixed, "mixed skip"),
            salted(all_concepts, "concepts"), concept_pairs, ngrams(concepts, 3, "concepts 3"),
            skipgrams(concepts, "concepts skip"),
            crossed(mixed, role, "mixed role"), crossed(mixed_pairs, role, "mixed 2 role"),
            crossed(concept_pairs, role, "concepts 2 role"),
            crossed(all_concepts, payment, "concepts payment"), crossed(concept_pairs, payment, "concepts 2 payment"),
            (everyone, role + _U64(hash_text("role"))), (everyone, payment + _U64(hash_text("payment"))),
            (everyone, role * _U64(7) + payment + _U64(hash_text("role payment"))),
            *self._history_features(hashes), self._facts(),
        ]  # fmt: skip

    def _history_features(self, hashes: Hashes) -> list[tuple[Indices, Hashes]]:
        result = []
        for name, stream in sorted(self.turns.items()):
            values = stream.arrays(hashes)
            result.append(salted(values, name))
            if not name.startswith("any"):
                result.append(ngrams(values, 2, name + " 2"))
        for index, own, last in self.pairs:
            pairs = _Stream()
            pairs.extend(index, own)
            left = salted(pairs.arrays(hashes), "pair")[1]
            right = _CONCEPT_HASHES[[-1 - concept for concept in last]]
            both = (left[:, None] ^ right[None, :]).ravel() * MULTIPLIER
            result.append((np.full(len(both), index), both))
        return result

    def _facts(self) -> tuple[Indices, Hashes]:
        return (
            np.array([index for index, _ in self.facts], dtype=np.intp),
            np.array([hash_text(fact) for _, fact in self.facts], dtype=_U64),
        )


class _Unit(NamedTuple):
    tokens: list[int]
    mixed: list[int]  # tokens, or the weightiest concept of a mark in its place
    concepts: list[int]  # the weightiest of each mark
    all_concepts: list[int]


_Turn = tuple[str, _Unit]  # "own" or "other" side, and all that was said


def _units(analysis: Analysis) -> list[_Unit]:
    tokens, starts, _ = analysis.parsed
    if not starts:
        return [_Unit([], [], [], [])]
    units, marks, done = [], analysis.marks, 0
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        first = done
        while done < len(marks) and marks[done].start < end:
            done += 1
        units.append(_unit(tokens[start:end], marks[first:done], start))
    return units


def _whole(analysis: Analysis) -> _Unit:
    return _unit(analysis.parsed.tokens, analysis.marks, 0)


def _unit(tokens: list[int], marks: list[Mark], offset: int) -> _Unit:
    mixed: list[int] = []
    position = 0
    for start, end, concepts in marks:
        mixed += tokens[position : start - offset]
        mixed.append(-1 - concepts[0])
        position = end - offset
    mixed += tokens[position:]
    return _Unit(tokens, mixed, [-1 - mark.concepts[0] for mark in marks], [-1 - c for mark in marks for c in mark.concepts])


def _facts(message: Message) -> list[float]:
    return [
        message.sender_role is SenderRole.CLIENT,
        message.sender_role is SenderRole.FREELANCER,
        message.payment_status is PaymentStatus.UNPAID,
        message.payment_status is PaymentStatus.ESCROWED,
        message.payment_status is PaymentStatus.PAID,
        len(message.history),
    ]


_CONCEPT_HASHES = np.array([hash_text(f"<concept {name}>") for name in CONCEPTS], dtype=_U64)
