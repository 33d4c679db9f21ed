"""The corpus: its schema, checked on load, and splits that keep authors apart."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from solicitation_detector.errors import InvalidCorpus, InvalidMessage
from solicitation_detector.messages import LABELS, Label, Message
from solicitation_detector.sheets import SLICES, STANCES

_STANCE_NAMES = frozenset(STANCES.values())
_ROWS_OF_A_LANGUAGE = 100  # fewer cannot be spread
_REQUIRED = ("text", "labels", "lang", "author", "slice")
_ALLOWED = frozenset((*_REQUIRED, "sender_role", "payment_status", "history", "pair", "stance", "rationale", "second_reading"))


@dataclass(frozen=True, slots=True)
class Rationale:
    """Words that decide, as code points of the text; ``label`` is None on an innocent message."""

    start: int
    end: int
    label: Label | None


@dataclass(frozen=True, slots=True)
class CorpusRow:
    """One labelled message; the fields are described in data/README.md."""

    message: Message
    labels: frozenset[Label]
    lang: str
    author: str
    slice: str
    pair: str | None = None
    stance: str | None = None
    rationale: tuple[Rationale, ...] = ()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CorpusRow:
        """Check and build a row.

        Raises:
            InvalidCorpus: naming the field that breaks the schema.
        """
        for name in _REQUIRED:
            if name not in values:
                raise InvalidCorpus(f"{name}: missing")
        if unknown := values.keys() - _ALLOWED:
            raise InvalidCorpus(f"{min(unknown)}: unknown field")
        try:
            message = Message.from_dict(
                {k: values[k] for k in ("text", "sender_role", "payment_status", "history") if k in values}
            )
            labels = frozenset(Label(label) for label in values["labels"])
        except (InvalidMessage, ValueError) as error:
            raise InvalidCorpus(str(error)) from None
        if values["slice"] not in SLICES:
            raise InvalidCorpus(f"slice: wanted one of {', '.join(SLICES)}, found {values['slice']!r}")
        stance = values.get("stance")
        if stance is not None and stance not in _STANCE_NAMES:
            raise InvalidCorpus(f"stance: unknown {stance!r}")
        rationale = tuple(_rationale(span, len(message.text), labels) for span in values.get("rationale", ()))
        return cls(message, labels, values["lang"], values["author"], values["slice"], values.get("pair"), stance, rationale)

    def to_dict(self) -> dict[str, Any]:
        """The row as in the JSON lines file."""
        message = self.message
        return {
            "text": message.text,
            "labels": [str(label) for label in LABELS if label in self.labels],
            "lang": self.lang,
            "sender_role": str(message.sender_role),
            "payment_status": str(message.payment_status),
            "history": [{"sender_role": str(turn.sender_role), "text": turn.text} for turn in message.history],
            "author": self.author,
            "slice": self.slice,
            "pair": self.pair,
            "stance": self.stance,
            "rationale": [asdict(span) for span in self.rationale],
        }


def _rationale(span: Mapping[str, Any], length: int, labels: frozenset[Label]) -> Rationale:
    start, end, label = span["start"], span["end"], span.get("label")
    if not 0 <= start < end <= length:
        raise InvalidCorpus(f"rationale: span {start}-{end} is not within the text's {length} characters")
    if label is not None and label not in labels:
        raise InvalidCorpus(f"rationale: label {label!r} is not one of the row's")
    return Rationale(start, end, None if label is None else Label(label))


def corpus_files(path: Path) -> list[Path]:
    """The JSON lines files of a corpus: the file itself, or those directly in a folder, in order of name.

    Raises:
        InvalidCorpus: there is none.
    """
    found = sorted(path.glob("*.jsonl")) if path.is_dir() else [path] if path.is_file() else []
    if not found:
        raise InvalidCorpus(f"{path}: no .jsonl file there")
    return found


def load_corpus(path: Path) -> list[CorpusRow]:
    """All rows of a corpus file or folder, checked.

    Raises:
        InvalidCorpus: naming file, line and field of the first broken row.
    """
    return [row for file in corpus_files(path) for row in _read(file)]


def _read(file: Path) -> Iterator[CorpusRow]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield CorpusRow.from_dict(json.loads(line))
            except (json.JSONDecodeError, InvalidCorpus, KeyError, TypeError) as error:
                raise InvalidCorpus(f"{file.name}, line {number}: {error}") from None


def corpus_sha256(path: Path) -> dict[str, str]:
    """SHA-256 of every corpus file by name."""
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in corpus_files(path)}


def label_matrix(rows: Sequence[CorpusRow]) -> NDArray[np.int8]:
    """Labels as 0 and 1, shape ``(n_rows, 3)``, columns in the order of ``LABELS``."""
    return np.array([[label in row.labels for label in LABELS] for row in rows], dtype=np.int8).reshape(-1, 3)


def author_folds(rows: Sequence[CorpusRow], n_folds: int, seed: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Train and test indices; no author is on both sides of a fold, and the languages are spread over the folds."""
    groups = np.array([row.author for row in rows])
    counts = Counter(row.lang for row in rows)
    languages = [row.lang if counts[row.lang] >= _ROWS_OF_A_LANGUAGE else "other" for row in rows]
    folds = StratifiedGroupKFold(n_splits=min(n_folds, len(set(groups))), shuffle=True, random_state=seed)
    return list(folds.split(np.zeros(len(rows)), languages, groups))
