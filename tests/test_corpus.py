"""The corpus, its schema, author sheets, splits, copies and figures."""

from __future__ import annotations

import json

import numpy as np
import pytest

from solicitation_detector import InvalidCorpus
from solicitation_detector.datasets import author_folds, load_corpus
from solicitation_detector.figures import Judged, expected_calibration_error, report
from solicitation_detector.messages import LABELS
from solicitation_detector.sheets import parse_sheet
from solicitation_detector.training import best_thresholds

ROW = {"text": "send it first", "labels": ["source_before_payment"], "lang": "en", "author": "x", "slice": "plain"}


@pytest.fixture(scope="module")
def corpus(corpus_folder):
    return load_corpus(corpus_folder)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": ""}, "text"),
        ({"labels": ["spam"]}, "spam"),
        ({"slice": "easy"}, "slice"),
        ({"stance": "shouts"}, "stance"),
        ({"colour": 1}, "colour"),
        ({"sender_role": "boss"}, "sender_role"),
        ({"rationale": [{"start": 3, "end": 99}]}, "rationale"),
        ({"rationale": [{"start": 0, "end": 4, "label": "going_direct"}]}, "rationale"),
    ],
)
def test_a_broken_row_is_refused_with_file_line_and_field(tmp_path, change, field):
    file = tmp_path / "x.jsonl"
    file.write_text(json.dumps(ROW) + "\n" + json.dumps(ROW | change) + "\n", encoding="utf-8")
    with pytest.raises(InvalidCorpus, match=rf"x\.jsonl, line 2: .*{field}"):
        load_corpus(tmp_path)


def test_a_folder_without_rows_is_refused(tmp_path):
    with pytest.raises(InvalidCorpus, match=r"no \.jsonl"):
        load_corpus(tmp_path)


def test_rows_survive_a_round_trip(corpus_folder, corpus):
    first = json.loads((corpus_folder / "s15.jsonl").read_text(encoding="utf-8").splitlines()[0])
    row = next(row for row in corpus if row.author == "s15")
    assert row.to_dict() == first


def test_the_corpus_is_what_the_data_card_promises(corpus, corpus_folder):
    from data_card import END, START, figures

    card = (corpus_folder / "README.md").read_text(encoding="utf-8")
    assert card.split(START)[1].split(END)[0] == figures(corpus_folder)
    assert {row.author for row in corpus} <= set(json.loads((corpus_folder / "seats.json").read_text(encoding="utf-8")))


def test_a_pair_has_contrast_most_of_the_time(corpus):
    labels_of = {}
    for row in corpus:
        if row.pair:
            labels_of.setdefault(row.pair, set()).add(row.labels)
    contrasting = sum(len(labels) > 1 for labels in labels_of.values())
    assert contrasting > 0.9 * len(labels_of)


def test_no_author_is_on_both_sides_of_a_fold(corpus):
    folds = author_folds(corpus, 5, seed=0)
    tested = np.concatenate([test for _, test in folds])
    assert sorted(tested) == list(range(len(corpus)))
    for train, test in folds:
        assert not {corpus[i].author for i in train} & {corpus[i].author for i in test}


def test_a_sheet_becomes_rows_with_spans_and_complaints():
    sheet = (
        "@ c u DS asks plain p01\n"
        "< f: hello\n"
        "🙂 mail it to [[D|me]], [[S|source first]]\n"
        "@ f ? - refuses twin p01\n"
        "[[not before]] payment\n"
        "@ c ? D proposes twin p02\nx\n"
        "@ nonsense\n"
    )
    rows, complaints = parse_sheet(sheet, author="x", lang="en")
    assert [row["text"] for row in rows] == ["🙂 mail it to me, source first", "not before payment"]
    spans = [(rows[0]["text"][s["start"] : s["end"]], s["label"]) for s in rows[0]["rationale"]]
    assert spans == [("me", "going_direct"), ("source first", "source_before_payment")]
    assert rows[0]["history"] == [{"sender_role": "freelancer", "text": "hello"}]
    assert rows[1]["pair"] == "x-p01"
    assert [complaint.split(":")[0] for complaint in complaints] == ["line 6", "line 8"]


def test_thresholds_reach_nearly_the_best_f1_and_act_at_equality():
    truth = np.array([[1], [1], [0], [0]], dtype=np.int8)
    scores = np.array([[0.9], [0.6], [0.4], [0.1]])
    threshold = best_thresholds(truth, scores)
    assert threshold[0] == 0.6
    assert ((scores >= threshold) == truth.astype(bool)).all()


def test_figures_of_a_perfect_and_a_blind_judge(corpus):
    rows = [row for row in corpus if row.author in ("s01", "s05", "s14")]
    truth = np.array([[label in row.labels for label in LABELS] for row in rows], dtype=np.int8)
    perfect = report(Judged(rows, truth, truth.astype(float), truth.astype(bool)))
    assert perfect["macro_f1"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert perfect["flagged_innocents"] == 0.0
    assert all(f["recall_at_0.001_false_positives"] == 1.0 for f in perfect["labels"].values())
    blind = report(Judged(rows, truth, np.zeros(truth.shape), np.zeros(truth.shape, dtype=bool)))
    assert blind["macro_f1"]["value"] == 0.0
    assert expected_calibration_error(truth[:, 0], np.full(len(rows), truth[:, 0].mean())) == pytest.approx(0.0, abs=1e-9)
