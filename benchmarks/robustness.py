"""What the shipped model promises beyond a single figure: false alarms on refusals, padding, evidence against rationales.

    python benchmarks/robustness.py [FOLDER WITH REAL CHAT]

The optional folder holds JSON lines files with a ``text`` field, chat in which nobody solicits; flagged messages are printed.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from pathlib import Path

from solicitation_detector import Detector, Message
from solicitation_detector.datasets import CorpusRow, load_corpus
from solicitation_detector.messages import PaymentStatus, SenderRole

DATA = Path(__file__).parents[1] / "data"
PADDING = (1, 5, 20)
SHOWN = 40


def refusals(detector: Detector) -> None:
    rows = load_corpus(DATA / "suites")
    flagged = [row for row, v in zip(rows, detector.detect([row.message for row in rows]), strict=True) if v.flagged]
    print(f"refusal suite: {len(flagged)} of {len(rows)} flagged ({100 * len(flagged) / len(rows):.1f} %)")
    print(
        "  by stance:", dict(Counter(row.stance for row in flagged)), "by language:", dict(Counter(row.lang for row in flagged))
    )


def padding(detector: Detector, rows: list[CorpusRow]) -> None:
    """Innocent messages of the same language, not flagged alone, around every positive: does a label change?"""
    positives = [row for row in rows if row.labels]
    plain = detector.detect([row.message for row in positives])
    fillers = [row for row in rows if _is_filler(row)]
    fillers = [row for row, v in zip(fillers, detector.detect([_alone(row) for row in fillers]), strict=True) if not v.flagged]
    for count in PADDING:
        dice = random.Random(count)
        messages = [_padded(row, fillers, count, dice) for row in positives]
        padded = detector.detect(messages)
        kept = [v.labels == p.labels for v, p in zip(padded, plain, strict=True)]
        found = [set(p.labels) <= set(v.labels) for v, p in zip(padded, plain, strict=True)]
        print(
            f"padding with {count}: labels unchanged in {100 * sum(kept) / len(kept):.1f} %, "
            f"none lost in {100 * sum(found) / len(found):.1f} % of {len(kept)} positives"
        )


def _padded(row: CorpusRow, fillers: list[CorpusRow], count: int, dice: random.Random) -> Message:
    chosen = dice.choices([filler.message.text for filler in fillers if filler.lang == row.lang], k=count)
    before = dice.randint(0, count)
    text = "\n".join([*chosen[:before], row.message.text, *chosen[before:]])
    m = row.message
    return Message(text=text, sender_role=m.sender_role, payment_status=m.payment_status, history=m.history)


def _is_filler(row: CorpusRow) -> bool:
    return row.slice == "ordinary" and len(row.message.text) < 120 and not row.message.history


def _alone(row: CorpusRow) -> Message:
    return Message(text=row.message.text, sender_role=SenderRole.CLIENT, payment_status=PaymentStatus.UNPAID)


def evidence(detector: Detector, rows: list[CorpusRow]) -> None:
    """Of right flags whose author marked the deciding words: does the strongest span touch them?"""
    touching = right = 0
    for row, verdict in zip(rows, detector.detect([row.message for row in rows]), strict=True):
        for label in set(verdict.labels) & row.labels:
            marked = [r for r in row.rationale if r.label in (label, None)]
            strongest = next((piece for piece in verdict.evidence if piece.label is label), None)
            if marked and strongest:
                right += 1
                touching += any(r.start < strongest.end and r.end > strongest.start for r in marked)
    print(f"evidence: the strongest span touches the rationale in {100 * touching / right:.1f} % of {right} right flags")


def real_chat(detector: Detector, folder: Path) -> None:
    flagged = total = 0
    for file in sorted(folder.glob("*.jsonl")):
        texts = [json.loads(line)["text"] for line in file.read_text(encoding="utf-8").splitlines()]
        verdicts = detector.detect([Message(text=text) for text in texts])
        hits = [(text, v) for text, v in zip(texts, verdicts, strict=True) if v.flagged]
        print(f"{file.name}: {len(hits)} of {len(texts)} flagged")
        for text, v in hits[:SHOWN]:
            print("   ", ", ".join(v.labels), f"{max(v.scores.values()):.2f}", repr(text[:120]))
        flagged, total = flagged + len(hits), total + len(texts)
    print(f"real chat: {1000 * flagged / total:.2f} of 1,000 flagged")


def main() -> None:
    detector = Detector.load()
    benchmark = load_corpus(DATA / "benchmark")
    refusals(detector)
    padding(detector, benchmark)
    evidence(detector, benchmark)
    if len(sys.argv) > 1:
        real_chat(detector, Path(sys.argv[1]))
    else:
        print("real chat: skipped, no folder given")


if __name__ == "__main__":
    main()
