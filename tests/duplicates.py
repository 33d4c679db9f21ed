"""Near-duplicates in the corpus, by MinHash over character 5-grams (Broder 1997).

    python tests/duplicates.py data

lists pairs of rows whose estimated Jaccard similarity reaches the threshold, the benchmark's rows included.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from datasketch import MinHash, MinHashLSH

from solicitation_detector.datasets import CorpusRow, load_corpus

SIMILARITY = 0.7
SHORTEST = 24  # shorter messages ("send the files please") repeat in real chat too
_PERMUTATIONS = 64


class Pair(NamedTuple):
    """Two rows that are alike, in the order of the input."""

    earlier: CorpusRow
    later: CorpusRow


def near_duplicates(rows: Sequence[CorpusRow]) -> Iterator[Pair]:
    """Pairs alike in text, very short messages left out.

    Rows of one author that differ in role, payment status or history, and twins of one pair, are alike on purpose.
    """
    index = MinHashLSH(threshold=SIMILARITY, num_perm=_PERMUTATIONS)
    for position, row in enumerate(rows):
        text = re.sub(r"\W+", " ", row.message.text.lower()).strip()
        if len(text) < SHORTEST:
            continue
        hashed = MinHash(num_perm=_PERMUTATIONS, seed=1)
        hashed.update_batch([text[i : i + 5].encode() for i in range(len(text) - 4)])
        for found in index.query(hashed):
            if not _on_purpose(rows[found], row):
                yield Pair(rows[found], row)
        index.insert(position, hashed)


def _on_purpose(earlier: CorpusRow, later: CorpusRow) -> bool:
    if earlier.author != later.author:
        return False
    return (earlier.pair is not None and earlier.pair == later.pair) or _context(earlier) != _context(later)


def _context(row: CorpusRow) -> tuple[object, ...]:
    return row.message.sender_role, row.message.payment_status, row.message.history


def main() -> None:
    data = Path(sys.argv[1])
    rows = load_corpus(data / "benchmark") + load_corpus(data)
    pairs = list(near_duplicates(rows))
    for earlier, later in pairs:
        print(f"{earlier.author} {earlier.message.text[:90]!r}\n{later.author} {later.message.text[:90]!r}\n")
    print(f"{len(pairs)} pairs in {len(rows)} rows")


if __name__ == "__main__":
    main()
