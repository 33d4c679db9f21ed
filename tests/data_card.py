"""Write the figures of the data card from the data: python tests/data_card.py data"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from duplicates import SIMILARITY, near_duplicates
from solicitation_detector.datasets import CorpusRow, load_corpus
from solicitation_detector.messages import LABELS

START, END = "<!-- figures -->\n", "<!-- end of figures -->\n"


def figures(data: Path) -> str:
    """The tables of the card, as Markdown."""
    training, benchmark = load_corpus(data), load_corpus(data / "benchmark")
    suite = load_corpus(data / "suites")
    seats: dict[str, str] = json.loads((data / "seats.json").read_text(encoding="utf-8"))
    pairs = list(near_duplicates([*benchmark, *suite, *training]))
    parts = [
        _summary({"training": training, "benchmark": benchmark, "refusal suite": suite}),
        _counts("language", [("training", training), ("benchmark", benchmark)], lambda row: row.lang),
        _counts("slice", [("training", training), ("benchmark", benchmark)], lambda row: row.slice),
        f"Near-duplicates over all of these (MinHash, character 5-grams, Jaccard at least {SIMILARITY}, twins of one pair left "
        f"out, messages of at least 24 characters): **{len(pairs)}** pairs.\n",
        _authors([*training, *benchmark, *suite], seats),
    ]
    return "\n".join(parts)


def _summary(sets: dict[str, Sequence[CorpusRow]]) -> str:
    lines = ["| | " + " | ".join(sets) + " |", "|---" * (len(sets) + 1) + "|"]

    def line(name: str, count: Iterable[object]) -> None:
        lines.append(f"| {name} | " + " | ".join(str(value) for value in count) + " |")

    rows = list(sets.values())
    line("messages", (len(r) for r in rows))
    line("authors", (len({row.author for row in r}) for r in rows))
    for label in LABELS:
        line(f"`{label}`", (sum(label in row.labels for row in r) for r in rows))
    line("no label", (sum(not row.labels for row in r) for r in rows))
    line("of these `ordinary`", (sum(row.slice == "ordinary" for row in r) for r in rows))
    line("with history", (sum(bool(row.message.history) for row in r) for r in rows))
    line("slice `payment` (status or role decides)", (sum(row.slice == "payment" for row in r) for r in rows))
    line("with stance and rationale", (sum(bool(row.stance and row.rationale) for row in r) for r in rows))
    line("in a pair", (sum(row.pair is not None for row in r) for r in rows))
    return "\n".join(lines) + "\n"


def _counts(name: str, sets: Sequence[tuple[str, Sequence[CorpusRow]]], key: Callable[[CorpusRow], str]) -> str:
    counters = [Counter(key(row) for row in rows) for _, rows in sets]
    keys = sorted(set().union(*counters), key=lambda k: (-counters[0][k], k))
    lines = [f"| {name} | " + " | ".join(title for title, _ in sets) + " |", "|---" * (len(sets) + 1) + "|"]
    lines += [f"| {k} | " + " | ".join(str(counter[k]) for counter in counters) + " |" for k in keys]
    return "\n".join(lines) + "\n"


def _authors(rows: Sequence[CorpusRow], seats: dict[str, str]) -> str:
    counts = Counter(row.author for row in rows)
    lines = ["| author | messages | seat |", "|---|---|---|"]
    lines += [f"| {author} | {counts[author]} | {seats[author]} |" for author in sorted(counts)]
    return "\n".join(lines) + "\n"


def main() -> None:
    data = Path(sys.argv[1])
    card = data / "README.md"
    text = card.read_text(encoding="utf-8")
    before, after = text.split(START)[0], text.split(END)[1]
    card.write_text(before + START + figures(data) + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
