"""Messages a second for the full verdict on one core, as a ratio to bare spaCy tokenisation of the same texts in the same run.

    taskset -c 0 python benchmarks/speed.py [TEXTS.jsonl]

Texts are those of the benchmark, or of a JSON lines file with a ``text`` field. Each figure is a median of passes;
"cold" is the first pass, with words not met before. Also: load time, resident memory, and the worst texts of 20,000 characters.
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import spacy

from solicitation_detector import Detector, Message

PASSES = 5
HOSTILE = {
    "no space": "x" * 20_000,
    "dotted letters": "a." * 10_000,
    "spaced letters": "a " * 10_000,
    "digits": "7 " * 10_000,
    "at and dot": "at dot " * 2_850,
    "one sentence": "send me the source file " * 830,
    "combining marks": "a\u0336" * 10_000,
    "urls": "https://x.example/ " * 1_050,
    "emoji": "🙂" * 20_000,
}


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def texts() -> list[str]:
    default = sorted((Path(__file__).parents[1] / "data" / "benchmark").glob("*.jsonl"))
    files = [Path(argument) for argument in sys.argv[1:]] or default
    return [json.loads(line)["text"] for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def rates(name: str, run: Callable[[], object], count: int, reference: float | None) -> float:
    cold, *hot = [count / seconds(run) for _ in range(PASSES + 1)]
    rate = statistics.median(hot)
    ratio = "" if reference is None else f", {rate / reference:.3f} of bare tokenisation"
    print(f"{name}: {rate:,.0f} messages a second (cold {cold:,.0f}){ratio}")
    return rate


def one_by_one(detector: Detector, messages: Sequence[Message]) -> None:
    times = sorted(seconds(lambda message=message: detector.detect([message])) for message in messages)
    p50, p99 = times[len(times) // 2], times[int(len(times) * 0.99)]
    print(f"one message at a time: p50 {1000 * p50:.2f} ms, p99 {1000 * p99:.2f} ms")


def main() -> None:
    every_text = texts()
    nlp = spacy.blank("en")
    reference = rates("bare spaCy", lambda: [nlp.tokenizer(text) for text in every_text], len(every_text), None)
    print(f"load: {seconds(Detector.load):.2f} s")
    detector = Detector.load()
    messages = [Message(text=text) for text in every_text]
    rates("scores", lambda: detector.predict_proba(messages), len(messages), reference)
    rates("verdicts", lambda: detector.detect(messages), len(messages), reference)
    one_by_one(detector, messages)
    for name, text in HOSTILE.items():
        message = Message(text=text[:20_000])
        print(f"20,000 characters, {name}: {1000 * seconds(lambda message=message: detector.detect([message])):.0f} ms")
    print(f"resident memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
