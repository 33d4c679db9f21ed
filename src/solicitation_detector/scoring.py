"""The fitted model as plain arrays, and how a score is computed from them.

scikit-learn fits (:mod:`.classifier`); what it fitted is kept as arrays, so that scoring needs neither scikit-learn nor
unpickling, and the same data gives the same bytes. Equality with scikit-learn's own predictions is tested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from solicitation_detector.features import SCORED_TURNS, Batch, Turns
from solicitation_detector.hashing import Indices
from solicitation_detector.messages import LABELS

Floats = NDArray[np.float64]
Array = NDArray[Any]

N_LABELS = len(LABELS)


@dataclass(frozen=True)
class SentenceWeights:
    """Logits of labels and stances for single units: the mean of a logistic regression and a small network.

    Attributes:
        columns: the hashed columns in use, ascending; all others were met too rarely.
        linear, linear_bias: logistic regression, shapes ``(n_columns, 3)`` and ``(3,)``.
        hidden, hidden_bias: first layer of the network (ReLU), shapes ``(n_columns, n_hidden)`` and ``(n_hidden,)``.
        output, output_bias: second layer, labels then stances, shapes ``(n_hidden, n_outputs)`` and ``(n_outputs,)``.
    """

    columns: Array
    linear: Array
    linear_bias: Array
    hidden: Array
    hidden_bias: Array
    output: Array
    output_bias: Array

    def logits(self, units: csr_matrix) -> Floats:
        """Shape ``(n_units, n_outputs)``: label logits, then stance logits."""
        known = self.known(units)
        activation = np.maximum(known @ self.hidden + self.hidden_bias, 0.0)
        logits: Floats = np.clip(activation @ self.output + self.output_bias, -14.0, 14.0).astype(np.float64)
        logits[:, :N_LABELS] = (logits[:, :N_LABELS] + known @ self.linear + self.linear_bias) / 2
        return logits

    def known(self, units: csr_matrix) -> csr_matrix:
        """The units in terms of ``columns``."""
        position = np.searchsorted(self.columns, units.indices)
        position = np.minimum(position, len(self.columns) - 1)
        found = self.columns[position] == units.indices
        kept = np.concatenate([[0], np.cumsum(found)])
        parts = (units.data[found], position[found], kept[units.indptr])
        return csr_matrix(parts, shape=(units.shape[0], len(self.columns)))


@dataclass(frozen=True)
class Forest:
    """Gradient-boosted trees of all labels as arrays of nodes; node 0 of each tree is its root.

    Attributes:
        feature, threshold, left, right, missing_left: of inner nodes, shape ``(n_labels, n_trees, n_nodes)``; a leaf
            has itself as both children.
        value: of leaves, same shape.
        baseline: shape ``(n_labels,)``.
    """

    feature: Array
    threshold: Array
    left: Array
    right: Array
    missing_left: Array
    value: Array
    baseline: Array
    depth: Array

    def predict_proba(self, pooled: Floats) -> Floats:
        """Probabilities, shape ``(n_messages, n_labels)``."""
        columns = [self._raw(pooled, label) for label in range(len(self.baseline))]
        return 1.0 / (1.0 + np.exp(-np.stack(columns, axis=1)))

    def _raw(self, pooled: Floats, label: int) -> Floats:
        trees = np.arange(self.feature.shape[1])
        messages = np.arange(len(pooled))[:, None]
        node = np.zeros((len(pooled), len(trees)), dtype=np.intp)
        for _ in range(int(self.depth)):
            value = pooled[messages, self.feature[label, trees, node]]
            missing = np.isnan(value)
            go_left = np.where(missing, self.missing_left[label, trees, node], value <= self.threshold[label, trees, node])
            node = np.where(go_left, self.left[label, trees, node], self.right[label, trees, node]).astype(np.intp)
        leaves: Floats = self.value[label, trees, node]
        total: Floats = np.cumsum(leaves, axis=1)[:, -1] + self.baseline[label]  # in order, whatever the batch
        return total


@dataclass(frozen=True)
class Scorer:
    """Both stages. A message's probabilities do not depend on what else is in the batch."""

    sentences: SentenceWeights
    forest: Forest

    def predict_proba(self, batch: Batch, turns: Turns) -> Floats:
        """Probabilities, shape ``(n_messages, 3)``, columns in the order of ``LABELS``."""
        return self.predict_with_logits(batch, turns)[0]

    def predict_with_logits(self, batch: Batch, turns: Turns) -> tuple[Floats, Floats]:
        """Probabilities of the messages, and logits of their units."""
        unit_logits = self.sentences.logits(batch.units)
        turn_logits = self.sentences.logits(turns.batch.units)
        return judge_units(self.forest, batch, unit_logits, turns, turn_logits), unit_logits

    def to_arrays(self) -> dict[str, Array]:
        """All arrays by name."""
        return {
            f"{part}.{field.name}": np.asarray(getattr(getattr(self, part), field.name))
            for part in ("sentences", "forest")
            for field in fields(getattr(self, part))
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Scorer:
        """The inverse of :meth:`to_arrays`.

        Raises:
            KeyError: naming the array that is missing.
        """
        return cls(
            SentenceWeights(**{field.name: arrays[f"sentences.{field.name}"] for field in fields(SentenceWeights)}),
            Forest(**{field.name: arrays[f"forest.{field.name}"] for field in fields(Forest)}),
        )


def pool(batch: Batch, unit_logits: Floats, turns: Turns, turn_logits: Floats) -> Floats:
    """What the second stage is fitted on: for each label a message's highest-scoring sentence, facts, and the turns before."""
    best = [_best_unit(batch.unit_message, unit_logits[:, k], len(batch.facts)) for k in range(N_LABELS)]
    return _seen(batch, unit_logits, best, turns, turn_logits)


def judge_units(forest: Forest, batch: Batch, unit_logits: Floats, turns: Turns, turn_logits: Floats) -> Floats:
    """Probabilities of messages: the greatest over their sentences, each judged as if it stood alone.

    So nothing that stands around a soliciting sentence can take its label away.
    """
    every = np.arange(len(unit_logits))
    scores = forest.predict_proba(_seen(batch, unit_logits, [every] * N_LABELS, turns, turn_logits))
    return _pooled_maxima(batch.unit_message, scores, len(batch.facts))


def _seen(batch: Batch, logits: Floats, units: list[Indices], turns: Turns, turn_logits: Floats) -> Floats:
    """Logits and concepts of a unit a label, and what is known of their messages."""
    per_turn = _pooled_maxima(turns.batch.unit_message, turn_logits, len(turns.owner))
    known = np.concatenate([batch.facts, _pooled_turns(turns, per_turn, len(batch.facts))], axis=1)
    parts = [part for chosen in units for part in (logits[chosen], batch.unit_concepts[chosen])]
    return np.concatenate([*parts, known[batch.unit_message[units[0]]]], axis=1)


def _best_unit(unit_message: Indices, scores: Floats, n_messages: int) -> Indices:
    """For each message the unit of the highest score; the last of equals."""
    order = np.lexsort((scores, unit_message))
    ends = np.searchsorted(unit_message[order], np.arange(n_messages), side="right")
    return order[ends - 1]


def _pooled_maxima(owner: Indices, logits: Floats, n: int) -> Floats:
    return np.stack([maximum(owner, logits[:, k], n) for k in range(logits.shape[1])], axis=1)


def maximum(owner: Indices, values: Floats, n: int) -> Floats:
    result = np.full(n, -np.inf)
    np.maximum.at(result, owner, values)
    return result


def _pooled_turns(turns: Turns, per_turn: Floats, n_messages: int) -> Floats:
    """Logits of the last two turns, and the greatest label logits of the last ``SCORED_TURNS``; NaN where there is none."""
    width = per_turn.shape[1]
    last = np.full((n_messages, 2, width + 1), np.nan)
    greatest = np.full((n_messages, SCORED_TURNS, N_LABELS), np.nan)
    for owner, age, same_side, logits in zip(turns.owner, turns.age, turns.same_side, per_turn, strict=True):
        greatest[owner, age] = logits[:N_LABELS]
        if age < 2:
            last[owner, age] = [*logits, same_side]
    highest = np.where(np.isnan(greatest).all(axis=1), np.nan, np.fmax.reduce(greatest, axis=1))
    return np.concatenate([last.reshape(n_messages, -1), highest], axis=1)
