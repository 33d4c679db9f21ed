"""Training, scoring and the model folder, on a small sample of the corpus."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from solicitation_detector import Detector, InvalidCorpus, InvalidModel, Message
from solicitation_detector.classifier import HyperParameters, _fit_trees, export_forest
from solicitation_detector.datasets import load_corpus
from solicitation_detector.detector import BATCH_MESSAGES
from solicitation_detector.training import train

SAMPLE_AUTHORS = ("s01", "s05", "s09", "s11")
EVERY = 4


@pytest.fixture(scope="module")
def sample(tmp_path_factory, corpus_folder):
    folder = tmp_path_factory.mktemp("sample")
    for author in SAMPLE_AUTHORS:
        lines = (corpus_folder / f"{author}.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / f"{author}.jsonl").write_text("".join(lines[::EVERY]), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def small_model(sample, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "small"
    train(sample, folder)
    return folder


def test_training_twice_gives_the_same_bytes(sample, small_model, tmp_path):
    train(sample, tmp_path / "small", n_jobs=1)
    for file in sorted(small_model.iterdir()):
        assert (tmp_path / "small" / file.name).read_bytes() == file.read_bytes(), file.name


def test_the_manifest_says_what_the_model_is_made_of(small_model, sample):
    manifest = json.loads((small_model / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["authors"] == list(SAMPLE_AUTHORS)
    assert manifest["messages"] == len(load_corpus(sample)) > 300
    assert set(manifest["made_with"]) == {"python", "numpy", "scipy", "scikit-learn", "spacy"}
    figures = manifest["figures"]["leave_authors_out"]
    assert set(figures["labels"]) == {"going_direct", "source_before_payment", "free_test_task"}
    assert figures["macro_f1"]["low"] <= figures["macro_f1"]["value"] <= figures["macro_f1"]["high"]


def test_a_model_made_here_can_be_loaded_and_judges(small_model):
    detector = Detector.load(small_model)
    scores = detector.predict_proba([Message(text="see you on the call tomorrow")])
    assert scores.shape == (1, 3)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert detector.detect([]) == []
    assert detector.predict_proba([]).shape == (0, 3)


@pytest.mark.parametrize("name", ["weights.npz", "policy.toml", "README.md"])
def test_a_changed_file_is_refused(small_model, tmp_path, name):
    copy = shutil.copytree(small_model, tmp_path / "copy")
    with (copy / name).open("ab") as file:
        file.write(b"\n")
    with pytest.raises(InvalidModel, match=f"{name}.*changed after training"):
        Detector.load(copy)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"format": 99}, "format 99"),
        ({"thresholds": {"going_direct": 2}}, "thresholds"),
        ({"lexicon_sha256": "0"}, "another text stage"),
        ({"features": "0"}, "another text stage"),
        ({"files": None}, "files or version missing"),
    ],
)
def test_a_mismatched_manifest_is_refused(small_model, tmp_path, change, complaint):
    copy = shutil.copytree(small_model, tmp_path / "copy")
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    (copy / "manifest.json").write_text(json.dumps(manifest | change), encoding="utf-8")
    with pytest.raises(InvalidModel, match=complaint):
        Detector.load(copy)


def test_a_corpus_that_lacks_a_label_is_refused(corpus_folder, tmp_path):
    for author in ("s08", "s13"):
        shutil.copy(corpus_folder / f"{author}.jsonl", tmp_path)
    with pytest.raises(InvalidCorpus, match="going_direct: 0 authors have positives"):
        train(tmp_path, tmp_path / "model")


def test_no_model_there_is_said(tmp_path):
    with pytest.raises(InvalidModel, match=r"no manifest\.json"):
        Detector.load(tmp_path)


def test_exported_trees_say_what_scikit_learn_says():
    random = np.random.default_rng(0)
    pooled = random.normal(size=(600, 9))
    pooled[random.random(pooled.shape) < 0.2] = np.nan
    labels = (np.nan_to_num(pooled[:, :3]) + 0.3 * random.normal(size=(600, 3)) > 0.4).astype(np.int8)
    fitted = [_fit_trees(pooled, labels[:, k], HyperParameters()) for k in range(3)]
    expected = np.stack([model.predict_proba(pooled)[:, 1] for model in fitted], axis=1)
    np.testing.assert_allclose(export_forest(fitted).predict_proba(pooled), expected, atol=1e-12)


def test_a_score_is_the_same_alone_in_a_batch_and_without_memory(small_model, sample):
    detector = Detector.load(small_model)
    messages = [row.message for row in load_corpus(sample)]
    together = detector.predict_proba(messages)
    alone = np.concatenate([detector.predict_proba([message]) for message in messages])
    np.testing.assert_array_equal(alone, together)
    np.testing.assert_array_equal(Detector.load(small_model).predict_proba(messages[::-1])[::-1], together)
    repeated = messages * (BATCH_MESSAGES // len(messages) + 2)
    np.testing.assert_array_equal(detector.predict_proba(repeated)[: len(messages)], together)
