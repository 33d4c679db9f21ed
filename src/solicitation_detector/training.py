"""From a corpus to a model folder. Deterministic: the same data gives the same bytes."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solicitation_detector.artifacts import save_model
from solicitation_detector.classifier import Fitted, HyperParameters, fit_classifier
from solicitation_detector.datasets import CorpusRow, author_folds, corpus_sha256, label_matrix, load_corpus
from solicitation_detector.errors import InvalidCorpus
from solicitation_detector.features import FeatureExtractor
from solicitation_detector.figures import Judged, report, to_markdown
from solicitation_detector.messages import LABELS
from solicitation_detector.scoring import Scorer
from solicitation_detector.targets import unit_targets

FOLDS = 5
MIN_AUTHORS_A_LABEL = 3
F1_GIVEN_UP = 0.01  # for fewer false alarms
SEED = 0
Folds = list[tuple[NDArray[np.intp], NDArray[np.intp]]]


class HeldOut(NamedTuple):
    """What models said of authors that they had not seen.

    Attributes:
        scores: shape ``(n_messages, 3)``.
        predicted: scores against thresholds that were chosen on the other folds.
        thresholds: chosen on all of these scores, for the model that is fitted on everything.
    """

    scores: NDArray[np.float64]
    predicted: NDArray[np.bool_]
    thresholds: NDArray[np.float64]


def leave_authors_out(rows: Sequence[CorpusRow], n_jobs: int = 2) -> HeldOut:
    """Score every row by models fitted without its author."""
    return _fit(rows, n_jobs)[1]


def _fit(rows: Sequence[CorpusRow], n_jobs: int) -> tuple[Fitted, HeldOut]:
    _check_positives(rows)
    extractor = FeatureExtractor()
    messages = [row.message for row in rows]
    batch, turns = extractor.extract(messages), extractor.extract_turns(messages)
    labels, folds = label_matrix(rows), author_folds(rows, FOLDS, SEED)
    targets = unit_targets(rows, batch)
    fitted = fit_classifier(batch, turns, targets, labels, folds, HyperParameters(seed=SEED), n_jobs)
    return fitted, _held_out(fitted.held_out, labels, folds)


def _check_positives(rows: Sequence[CorpusRow]) -> None:
    for label in LABELS:
        authors = {row.author for row in rows if label in row.labels}
        if len(authors) < MIN_AUTHORS_A_LABEL:
            raise InvalidCorpus(
                f"{label}: {len(authors)} authors have positives, {MIN_AUTHORS_A_LABEL} are needed to leave authors out"
            )


def _held_out(scores: NDArray[np.float64], labels: NDArray[np.int8], folds: Folds) -> HeldOut:
    predicted = np.zeros(scores.shape, dtype=np.bool_)
    for train, test in folds:
        predicted[test] = scores[test] >= best_thresholds(labels[train], scores[train])
    return HeldOut(scores, predicted, best_thresholds(labels, scores))


def best_thresholds(labels: NDArray[np.int8], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each label the highest threshold whose F1 is nearly the greatest: of equally good ones, the one that flags least.

    Rounded down to a thousandth so that it is easy to read.
    """
    return np.array([_best_threshold(labels[:, k], scores[:, k]) for k in range(labels.shape[1])])


def _best_threshold(truth: NDArray[np.int8], scores: NDArray[np.float64]) -> float:
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + truth.sum())
    chosen = int(np.argmax(f1 >= f1.max() - F1_GIVEN_UP))
    return float(np.floor(scores[order[chosen]] * 1000) / 1000)


def train(data: Path, output: Path, n_jobs: int = 2) -> None:
    """Fit on ``data/*.jsonl`` and write a model folder.

    A sub-folder ``benchmark`` is only measured on, after everything is fitted and chosen.

    Args:
        data: folder of corpus files.
        output: the model folder to write; its name becomes the model's version.
        n_jobs: processes; the result does not depend on it.
    """
    rows = load_corpus(data)
    fitted, held_out = _fit(rows, n_jobs)
    figures = {"leave_authors_out": report(Judged(rows, label_matrix(rows), held_out.scores, held_out.predicted))}
    if (data / "benchmark").is_dir():
        figures["benchmark"] = _benchmark_figures(data / "benchmark", fitted.scorer, held_out.thresholds)
    thresholds = {str(label): float(value) for label, value in zip(LABELS, held_out.thresholds, strict=True)}
    manifest = _manifest(output.name, rows, data, figures)
    save_model(output, fitted.scorer, thresholds, model_card(manifest, thresholds), manifest)


def _benchmark_figures(folder: Path, scorer: Scorer, thresholds: NDArray[np.float64]) -> dict[str, Any]:
    rows = load_corpus(folder)
    extractor = FeatureExtractor()
    messages = [row.message for row in rows]
    scores = scorer.predict_proba(extractor.extract(messages), extractor.extract_turns(messages))
    return report(Judged(rows, label_matrix(rows), scores, scores >= thresholds))


def _manifest(name: str, rows: Sequence[CorpusRow], data: Path, figures: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": name,
        "package_version": version("solicitation-detector"),
        "made_with": {
            "python": platform.python_version(),
            **{library: version(library) for library in ("numpy", "scipy", "scikit-learn", "spacy")},
        },
        "seed": SEED,
        "hyper_parameters": asdict(HyperParameters(seed=SEED)),
        "messages": len(rows),
        "authors": sorted({row.author for row in rows}),
        "training_data": corpus_sha256(data),
        "figures": figures,
    }


def model_card(manifest: dict[str, Any], thresholds: dict[str, float]) -> str:
    """The model's README, from what was measured."""
    lines = [
        f"# Model {manifest['version']}",
        "",
        "Judges messages of freelance-platform chat: going direct, source before payment, free test task. Made by "
        "`solicitation-detector train`; this page is written by that command.",
        "",
        f"Fitted on {manifest['messages']} synthetic messages by {len(manifest['authors'])} authors (data/README.md). "
        "No message was ever sent by anybody: on your chat, measure again before you act on it. "
        "Meant to remind, not to punish: in most cases nobody means harm.",
        "",
        "| label | threshold |",
        "|---|---|",
        *(f"| `{label}` | {value:.3f} |" for label, value in thresholds.items()),
        "",
        "# Figures",
        "",
        to_markdown(manifest["figures"]["leave_authors_out"], "Leave-authors-out on the training corpus"),
    ]
    if "benchmark" in manifest["figures"]:
        lines.append(
            to_markdown(
                manifest["figures"]["benchmark"],
                "Benchmark (authors who write nothing else; never trained or tuned on)",
            )
        )
    return "\n".join(lines)
