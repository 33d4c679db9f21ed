"""A verdict for the eyes: the text with its evidence marked, and what the policy says."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

from solicitation_detector.messages import LABELS, Evidence, Message, Verdict

_MARK_ON, _MARK_OFF = "\x1b[1;33m", "\x1b[0m"
_TAB_AS = " "
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def describe_verdict(message: Message, verdict: Verdict, *, colour: bool) -> str:
    """Action and scores, the marked text, and the words that go with the action.

    Args:
        message: what was judged.
        verdict: what was found.
        colour: whether the terminal shows colours; without, evidence is underlined on a line of its own.
    """
    scores = ", ".join(f"{label} {verdict.scores[label]:.2f}" for label in LABELS)
    lines = [f"{verdict.action}: {', '.join(verdict.labels) or 'no label'} ({scores})"]
    lines += [f"    {line}" for line in marked_lines(message.text, verdict.evidence, colour=colour)]
    if verdict.evidence:
        lines.append(f"  evidence: {', '.join(dict.fromkeys(found.signal for found in verdict.evidence))}")
    lines.append(f"  reason: {verdict.reason}")
    if verdict.sender_reminder is not None:
        lines.append(f"  to the sender: {verdict.sender_reminder}")
    if verdict.recipient_advice is not None:
        lines.append(f"  to the other side: {verdict.recipient_advice}")
    return "\n".join(lines)


def marked_lines(text: str, evidence: Sequence[Evidence], *, colour: bool) -> Iterator[str]:
    """The lines of a text with its evidence in colour, or underlined on the line below.

    >>> found = Evidence(list(LABELS)[0], "messenger", 8, 16, "WhatsApp")
    >>> print("\\n".join(marked_lines("find me WhatsApp", [found], colour=False)))
    find me WhatsApp
            ^^^^^^^^
    """
    marked = bytearray(len(text))
    for found in evidence:
        marked[found.start : found.end] = b"\1" * (found.end - found.start)
    start = 0
    for line in text.split("\n"):
        marks = marked[start : start + len(line)]
        start += len(line) + 1
        shown = [_shown(character) for character in line]
        if colour:
            yield _coloured(shown, marks)
        else:
            yield "".join(shown)
            if any(marks):
                underline = (_width(c) * ("^" if mark else " ") for c, mark in zip(shown, marks, strict=True))
                yield "".join(underline).rstrip()


def _coloured(characters: Sequence[str], marks: bytearray) -> str:
    parts, on = [], 0
    for character, mark in zip(characters, marks, strict=True):
        if mark != on:
            parts.append(_MARK_ON if mark else _MARK_OFF)
            on = mark
        parts.append(character)
    return "".join([*parts, _MARK_OFF if on else ""])


def _shown(character: str) -> str:
    """Control characters, which could steer the terminal, and changes of writing direction are not passed on."""
    if character == "\t":
        return _TAB_AS
    unsafe = unicodedata.category(character) in _CONTROLS or unicodedata.bidirectional(character) in _DIRECTIONS
    return _REPLACEMENT if unsafe else character


_CONTROLS = ("Cc", "Zl", "Zp")
_DIRECTIONS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")


def _width(character: str) -> int:
    """Columns that a character takes."""
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
