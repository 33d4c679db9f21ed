"""The scikit-learn model: a linear and a small neural model score sentences, trees over pooled scores judge messages.

The two stages are stacked (Wolpert 1992): the second is fitted on scores that the first gave to authors it had not seen.
Nothing else in the package chooses features or estimators.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from solicitation_detector.features import Batch, Turns
from solicitation_detector.hashing import Indices
from solicitation_detector.scoring import N_LABELS, Array, Floats, Forest, Scorer, SentenceWeights, judge_units, maximum, pool

MIN_UNITS_A_COLUMN = 7
_MIL_ROUNDS = 2


@dataclass(frozen=True)
class HyperParameters:
    """Chosen leave-authors-out (docs/model.md)."""

    linear_c: float = 30.0
    hidden: int = 32
    epochs: int = 6
    alpha: float = 1e-3
    learning_rate: float = 3e-3
    batch_size: int = 256
    neural_scale: float = 4.0
    trees: int = 120
    tree_leaves: int = 8
    tree_rate: float = 0.05
    seed: int = 0


class UnitTargets(NamedTuple):
    """What the units of a training batch are known to be.

    Attributes:
        labels: 1, 0, or -1 where only the whole message's label is known, shape ``(n_units, 3)``.
        stances: one-hot, all zero where unknown, shape ``(n_units, n_stances)``.
    """

    labels: NDArray[np.int8]
    stances: NDArray[np.int8]


def fit_sentences(units: csr_matrix, unit_message: Indices, targets: UnitTargets, settings: HyperParameters) -> SentenceWeights:
    """Fit on units; where only the message's label is known, its best-scoring unit is taken for the positive one."""
    columns = np.flatnonzero(np.bincount(units.indices, minlength=units.shape[1]) >= MIN_UNITS_A_COLUMN)
    known = units[:, columns]
    fitted = [_fit_linear(known, unit_message, targets.labels[:, k], settings) for k in range(N_LABELS)]
    labels = np.stack([labels for _, labels in fitted], axis=1)
    neural = _fit_neural(known, np.concatenate([labels, targets.stances], axis=1), settings)
    return SentenceWeights(
        columns=columns.astype(np.int32),
        linear=_rounded(np.concatenate([model.coef_ for model, _ in fitted]).T),
        linear_bias=np.array([model.intercept_[0] for model, _ in fitted], dtype=np.float32),
        hidden=_rounded(neural.coefs_[0] * settings.neural_scale),
        hidden_bias=neural.intercepts_[0].astype(np.float32),
        output=neural.coefs_[1].astype(np.float32),
        output_bias=neural.intercepts_[1].astype(np.float32),
    )


def _rounded(weights: Array) -> Array:
    """Half the precision, in full width: nothing that a score shows, but half the size once compressed."""
    return np.ascontiguousarray(weights.astype(np.float16).astype(np.float32))


def _fit_neural(units: csr_matrix, targets: NDArray[np.int8], settings: HyperParameters) -> MLPClassifier:
    neural = MLPClassifier(
        (settings.hidden,),
        alpha=settings.alpha,
        max_iter=settings.epochs,
        learning_rate_init=settings.learning_rate,
        batch_size=settings.batch_size,
        random_state=settings.seed,
        tol=0.0,
        n_iter_no_change=settings.epochs,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is a choice
        return neural.fit((units * settings.neural_scale).astype(np.float32), targets)


def _fit_linear(
    units: csr_matrix, unit_message: Indices, known: NDArray[np.int8], settings: HyperParameters
) -> tuple[LogisticRegression, NDArray[np.int8]]:
    """A logistic regression and the unit labels that it ended with (multiple-instance learning by alternation)."""

    def fit(rows: NDArray[np.bool_], labels: NDArray[np.int8]) -> LogisticRegression:
        model = LogisticRegression(C=settings.linear_c, solver="liblinear", random_state=settings.seed)
        return model.fit(units[rows], labels[rows])

    unknown = known < 0
    labels = np.where(unknown, 0, known).astype(np.int8)
    model = fit(~unknown, labels)
    everything = np.ones(len(known), dtype=bool)
    for _ in range(_MIL_ROUNDS if unknown.any() else 0):
        scores = model.decision_function(units)
        best = maximum(unit_message, np.where(unknown, scores, -np.inf), int(unit_message[-1]) + 1)
        labels = np.where(unknown, (scores >= best[unit_message]) | (scores > 0), labels).astype(np.int8)
        model = fit(everything, labels)
    return model, labels


def fit_forest(pooled: Floats, labels: NDArray[np.int8], settings: HyperParameters) -> Forest:
    """Fit the second stage on :func:`.scoring.pool`'s output and labels of shape ``(n_messages, 3)``."""
    fitted = [_fit_trees(pooled, labels[:, k], settings) for k in range(N_LABELS)]
    return export_forest(fitted)


def _fit_trees(pooled: Floats, labels: NDArray[np.int8], settings: HyperParameters) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        learning_rate=settings.tree_rate,
        max_iter=settings.trees,
        max_leaf_nodes=settings.tree_leaves,
        min_samples_leaf=20,
        l2_regularization=5.0,
        early_stopping=False,
        random_state=settings.seed,
    ).fit(pooled, labels)


def export_forest(fitted: Sequence[HistGradientBoostingClassifier]) -> Forest:
    """The nodes of fitted gradient-boosted classifiers (binary, numerical features) as arrays."""
    nodes = [[predictors[0].nodes for predictors in model._predictors] for model in fitted]
    shape = (len(nodes), len(nodes[0]), max(len(tree) for trees in nodes for tree in trees))
    own = np.broadcast_to(np.arange(shape[2]), shape)
    arrays = {
        name: np.zeros(shape, dtype=dtype)
        for name, dtype in (
            ("feature", np.int16),
            ("threshold", np.float64),
            ("missing_left", np.bool_),
            ("value", np.float64),
        )
    }
    left, right = own.astype(np.int16), own.astype(np.int16)
    for label, trees in enumerate(nodes):
        for tree, node in enumerate(trees):
            inner = np.flatnonzero(node["is_leaf"] == 0)
            at = (label, tree, inner)
            arrays["feature"][at] = node["feature_idx"][inner]
            arrays["threshold"][at] = node["num_threshold"][inner]
            arrays["missing_left"][at] = node["missing_go_to_left"][inner]
            left[at], right[at] = node["left"][inner], node["right"][inner]
            arrays["value"][label, tree, : len(node)] = node["value"]
    depth = max(int(tree["depth"].max()) for trees in nodes for tree in trees)
    baseline = np.array([float(np.ravel(model._baseline_prediction)[0]) for model in fitted])
    return Forest(**arrays, left=left, right=right, baseline=baseline, depth=np.array(depth))


class Fitted(NamedTuple):
    """A classifier with what it said of authors it had not seen.

    Attributes:
        scorer: fitted on everything.
        held_out: probabilities of each message by models that did not see its author, shape ``(n_messages, 3)``.
    """

    scorer: Scorer
    held_out: Floats


def fit_classifier(
    batch: Batch,
    turns: Turns,
    targets: UnitTargets,
    labels: NDArray[np.int8],
    folds: Sequence[tuple[Indices, Indices]],
    settings: HyperParameters | None = None,
    n_jobs: int = 2,
) -> Fitted:
    """Fit both stages.

    Args:
        batch: messages, and ``turns`` their history.
        targets: what each unit is known to be.
        labels: shape ``(n_messages, 3)``.
        folds: author-disjoint train and test indices that together test every message once.
        settings: hyper-parameters.
        n_jobs: processes; the result does not depend on it.
    """
    settings = settings or HyperParameters()
    everything = np.arange(len(batch.facts))
    jobs: list[Any] = [delayed(_fold_logits)(batch, turns, targets, train, test, settings) for train, test in folds]
    jobs.append(delayed(_fit_messages)(batch, targets, everything, settings))
    *held_out_logits, sentences = Parallel(n_jobs=n_jobs)(jobs)
    parts = [select_messages(batch, turns, test) for _, test in folds]
    by_fold = [pool(p[0], logits[0], p[1], logits[1]) for p, logits in zip(parts, held_out_logits, strict=True)]
    pooled = np.concatenate(by_fold)[np.argsort(np.concatenate([test for _, test in folds]))]
    held_out = np.zeros((len(everything), N_LABELS))
    for (train, test), part, logits in zip(folds, parts, held_out_logits, strict=True):
        forest = fit_forest(pooled[train], labels[train], settings)
        held_out[test] = judge_units(forest, part[0], logits[0], part[1], logits[1])
    return Fitted(Scorer(sentences, fit_forest(pooled, labels, settings)), held_out)


def _fit_messages(batch: Batch, targets: UnitTargets, messages: Indices, settings: HyperParameters) -> SentenceWeights:
    units = np.flatnonzero(np.isin(batch.unit_message, messages))
    chosen = UnitTargets(targets.labels[units], targets.stances[units])
    return fit_sentences(batch.units[units], batch.unit_message[units], chosen, settings)


def _fold_logits(
    batch: Batch, turns: Turns, targets: UnitTargets, train: Indices, test: Indices, settings: HyperParameters
) -> tuple[Floats, Floats]:
    """Logits of the test messages' units and turns by a model of the train messages."""
    model = _fit_messages(batch, targets, train, settings)
    part, part_turns = select_messages(batch, turns, test)
    return model.logits(part.units), model.logits(part_turns.batch.units)


def select_messages(batch: Batch, turns: Turns, messages: Indices) -> tuple[Batch, Turns]:
    """The part of a batch that is about some messages (ascending indices)."""
    chosen_turns = np.flatnonzero(np.isin(turns.owner, messages))
    return _select(batch, messages), Turns(
        _select(turns.batch, chosen_turns),
        np.searchsorted(messages, turns.owner[chosen_turns]),
        turns.age[chosen_turns],
        turns.same_side[chosen_turns],
    )


def _select(batch: Batch, messages: Indices) -> Batch:
    units = np.flatnonzero(np.isin(batch.unit_message, messages))
    owner = np.searchsorted(messages, batch.unit_message[units])
    analyses = [batch.analyses[i] for i in messages]
    return Batch(batch.units[units], owner, batch.unit_concepts[units], batch.facts[messages], analyses)
