"""Measuring a model, or the way of training, on a corpus."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from solicitation_detector.datasets import CorpusRow, label_matrix, load_corpus
from solicitation_detector.detector import Detector
from solicitation_detector.errors import InvalidCorpus
from solicitation_detector.figures import Judged, report, to_markdown
from solicitation_detector.training import leave_authors_out


def judge_with(detector: Detector, rows: list[CorpusRow]) -> Judged:
    """Score rows by a detector.

    Raises:
        InvalidCorpus: an author of the rows is one that the model was trained on.
    """
    seen = set(detector.manifest.get("authors", ())) & {row.author for row in rows}
    if seen:
        raise InvalidCorpus(
            f"the model was trained on author {min(seen)}; figures are for unseen authors: leave --model out to "
            "measure leave-authors-out"
        )
    scores = detector.predict_proba([row.message for row in rows])
    return Judged(rows, label_matrix(rows), scores, scores >= np.array(detector.thresholds))


def judge_leaving_authors_out(rows: list[CorpusRow]) -> Judged:
    """Score every row by a model that did not see its author, with thresholds chosen on yet other authors."""
    held_out = leave_authors_out(rows)
    return Judged(rows, label_matrix(rows), held_out.scores, held_out.predicted)


def evaluate_command(model: Path | None, data: Path, report_folder: Path | None) -> str:
    """What ``evaluate`` does: measure, write ``report.json`` and ``report.md`` if asked, return the Markdown."""
    rows = load_corpus(data)
    if model is None:
        judged, how = (
            judge_leaving_authors_out(rows),
            "leave-authors-out: each message by a model that did not see its author",
        )
    else:
        detector = Detector.load(model)
        judged, how = judge_with(detector, rows), f"model {detector.model_version}"
    figures = report(judged)
    text = to_markdown(figures, f"{data.name} ({how})")
    if report_folder is not None:
        report_folder.mkdir(parents=True, exist_ok=True)
        (report_folder / "report.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        (report_folder / "report.md").write_text(text, encoding="utf-8")
    return text
