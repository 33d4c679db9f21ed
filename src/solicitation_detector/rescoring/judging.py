"""Judging a run of rows, in this process or in several."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
from joblib import Parallel, delayed

from solicitation_detector.messages import Message, Turn
from solicitation_detector.rescoring.message_columns import read_messages
from solicitation_detector.rescoring.rows import Rows
from solicitation_detector.rescoring.verdict_columns import verdict_batch

if TYPE_CHECKING:
    from solicitation_detector.detector import Detector

LoadDetector = Callable[[], "Detector"]


class Work(NamedTuple):
    """Rows to be judged with the history of each, or None where messages bring their own."""

    number: int
    rows: Rows
    history: Sequence[tuple[Turn, ...]] | None


def judge_rows(detector: Detector, work: Work, columns: Mapping[str, str]) -> pa.RecordBatch:
    """The added columns for some rows."""
    messages = read_messages(work.rows, columns, work.history)
    verdicts = iter(detector.detect([message for message in messages if isinstance(message, Message)]))
    return verdict_batch([next(verdicts) if isinstance(message, Message) else message for message in messages])


def judge_all(
    works: Iterable[Work], columns: Mapping[str, str], detector: Detector, load: LoadDetector, jobs: int
) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Number and added columns of each work, in order; with several ``jobs`` each process loads its own model."""
    if jobs == 1:
        yield from ((work.number, judge_rows(detector, work, columns)) for work in works)
        return
    parallel = Parallel(n_jobs=jobs, return_as="generator", pre_dispatch="2 * n_jobs", batch_size=1)
    pickled = pickle.dumps(load)
    yield from parallel(delayed(_judge_in_worker)(pickled, work, columns) for work in works)


def _judge_in_worker(load: bytes, work: Work, columns: Mapping[str, str]) -> tuple[int, pa.RecordBatch]:
    return work.number, judge_rows(_detector_of_process(load), work, columns)


@lru_cache(maxsize=1)
def _detector_of_process(load: bytes) -> Detector:
    detector: Detector = pickle.loads(load)()
    return detector
