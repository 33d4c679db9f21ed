"""The columns that rescoring adds, as an Arrow batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from solicitation_detector.errors import InvalidMessage
from solicitation_detector.messages import LABELS, Verdict

VERDICT_SCHEMA = pa.schema(
    [
        *(pa.field(f"score_{label}", pa.float64()) for label in LABELS),
        pa.field("labels", pa.list_(pa.string())),
        pa.field("flagged", pa.bool_()),
        pa.field("action", pa.string()),
        pa.field("language", pa.string()),
        pa.field("model_version", pa.string()),
        pa.field("policy_version", pa.string()),
        pa.field("error", pa.string()),
    ]
)


def verdict_batch(results: Sequence[Verdict | InvalidMessage]) -> pa.RecordBatch:
    """A row a result, in order; that of a message that could not be judged has only its ``error``."""
    verdicts = [result if isinstance(result, Verdict) else None for result in results]
    columns: dict[str, list[Any]] = {
        f"score_{label}": [verdict and verdict.scores[label] for verdict in verdicts] for label in LABELS
    }
    columns["labels"] = [verdict and [str(label) for label in verdict.labels] for verdict in verdicts]
    columns["action"] = [verdict and str(verdict.action) for verdict in verdicts]
    for name in ("flagged", "language", "model_version", "policy_version"):
        columns[name] = [verdict and getattr(verdict, name) for verdict in verdicts]
    columns["error"] = [str(result) if isinstance(result, InvalidMessage) else None for result in results]
    return pa.RecordBatch.from_pydict(columns, schema=VERDICT_SCHEMA)
