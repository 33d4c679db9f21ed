"""Undo disguises that span several tokens: spaced letters, split names, spoken numbers and addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from solicitation_detector.text.kinds import EMAIL, PHONE, URL
from solicitation_detector.text.lexicon import CONCEPT_INDEX

if TYPE_CHECKING:
    from solicitation_detector.text.table import TokenTable
    from solicitation_detector.text.tokens import ParsedText

_AT = frozenset("@ at arobase arroba chiocciola собака собачка malpa apenstaartje (at) [at] et".split())
_DOT = frozenset(". dot point punto punkt ponto точка крапка kropka nokta titik punt (dot) [dot]".split())
_DIGIT_GLUE = frozenset("+-/.(),–")
_PROVIDERS = frozenset(
    "gmail googlemail outlook hotmail yahoo icloud proton protonmail gmx web mail yandex rambler orange laposte libero uol "
    "bol ukr wp onet ziggo".split()
)
_ENDINGS = frozenset("com net org io de fr es it ru br uk in pl nl ua co example me eu id tr".split())
_MULTIPLIERS = {"double": 2, "triple": 3}
_NUMBER_WORD = CONCEPT_INDEX["number_word"]
_Rule = Callable[[list[str], int, "TokenTable"], tuple[int, "str | None"]]
# Clues, as bits.
LETTER, NAME_PART, NUMBER, AT, HOST = 1, 2, 4, 8, 16

MIN_SPACED_LETTERS = 4
MIN_PHONE_DIGITS = 8
MAX_PHONE_DIGITS = 16
MIN_SPOKEN_DIGITS = 6


def clues_of_word(word: str) -> int:
    """The bit set of what a token may be part of, from its shape; names and number words are added by the token table."""
    clues = 0
    if len(word) == 1 and word.isalnum():
        clues |= LETTER
    if word.startswith("<n") or (len(word) == 1 and word.isdigit()):
        clues |= NUMBER
    if word in _AT:
        clues |= AT
    if word in _DOT - {"."} or word in _PROVIDERS or word in ("g", "hot"):
        clues |= HOST
    return clues


def join(parsed: ParsedText, table: TokenTable, clues: int) -> ParsedText:
    """Put together what a writer took apart; spans of joined tokens cover all parts.

    Each rule looks at the tokens from one position on and says how many it takes and what they mean.

    Args:
        parsed: the tokens of a text.
        table: what they are.
        clues: the tokens' clues, together; a rule is tried only where the text holds what it needs.
    """
    if clues & LETTER and _count(parsed, table, LETTER) >= 3:
        parsed = _apply(_spaced_letters, parsed, table, LETTER)
        clues |= HOST
    if clues & NAME_PART:
        parsed = _apply(_split_name, parsed, table, NAME_PART)
    if clues & HOST:
        parsed = _apply(_spoken_address, parsed, table, AT | HOST, ahead=1)
    if clues & NUMBER and _count(parsed, table, NUMBER) >= 2:
        parsed = _apply(_digits, parsed, table, NUMBER)
    return parsed


def _count(parsed: ParsedText, table: TokenTable, clue: int) -> int:
    return sum(1 for token in parsed.tokens if table.clues[token] & clue)


def _apply(rule: _Rule, parsed: ParsedText, table: TokenTable, clue: int, *, ahead: int = 0) -> ParsedText:
    """Apply a rule from left to right, at the tokens that (or whose ``ahead``-th next) have a clue for it."""
    candidates = [p for p, token in enumerate(parsed.tokens[ahead:]) if table.clues[token] & clue]
    words = [table.texts[token] for token in parsed.tokens]
    found: list[tuple[int, int, str]] = []
    for position in candidates:
        if not found or position >= found[-1][1]:
            taken, meaning = rule(words, position, table)
            if meaning is not None:
                found.append((position, position + taken, meaning))
    return _replaced(parsed, found, table) if found else parsed


def _replaced(parsed: ParsedText, found: list[tuple[int, int, str]], table: TokenTable) -> ParsedText:
    tokens: list[int] = []
    spans: list[tuple[int, int]] = []
    new_position = list(range(len(parsed.tokens)))
    done = 0
    for start, end, meaning in [*found, (len(parsed.tokens), len(parsed.tokens), "")]:
        new_position[done:start] = range(len(tokens), len(tokens) + start - done)
        tokens += parsed.tokens[done:start]
        spans += parsed.spans[done:start]
        if meaning:
            new_position[start:end] = [len(tokens)] * (end - start)
            tokens.append(table.index(meaning))
            spans.append((parsed.spans[start][0], parsed.spans[end - 1][1]))
        done = end
    starts = sorted({new_position[start] for start in parsed.sentence_starts})
    return type(parsed)(tokens, starts, spans)


def _spaced_letters(words: list[str], start: int, table: TokenTable) -> tuple[int, str | None]:
    end = start
    while end < len(words) and len(words[end]) == 1 and words[end].isalnum():
        end += 1
    joined = "".join(words[start:end])
    if joined in table.lexicon.names or (end - start >= MIN_SPACED_LETTERS and not joined.isdigit()):
        return end - start, joined
    return 1, None


def _split_name(words: list[str], start: int, table: TokenTable) -> tuple[int, str | None]:
    joined = words[start]
    if len(joined) < 2:
        return 1, None
    for end in range(start + 1, min(start + 4, len(words))):
        if words[end] in _DIGIT_GLUE:
            continue
        joined += words[end]
        if len(joined) >= 6 and joined in table.lexicon.names:
            return end - start + 1, joined
    return 1, None


def _spoken_address(words: list[str], start: int, table: TokenTable) -> tuple[int, str | None]:
    """``NAME at HOST dot COM`` and ``NAME dot COM``; NAME is one token here, as spaced letters are joined already."""
    at = start + 1
    if at >= len(words) or not words[start][0].isalnum():
        return 1, None
    if words[at] in _AT:
        host = "".join(words[at + 1 : at + 3])
        for end in range(at + 2, min(at + 5, len(words))):
            if words[end] in _DOT and end + 1 < len(words) and words[end + 1] in _ENDINGS:
                return end + 2 - start, EMAIL
        if words[at + 1 : at + 2] and words[at + 1] in _PROVIDERS - {"web", "mail", "orange"}:
            return 3, EMAIL
        if host == "gmail" or host == "hotmail":
            return 4, EMAIL
    if words[at] in _DOT - {"."} and at + 1 < len(words) and words[at + 1] in _ENDINGS - {"me", "in", "de", "es", "it", "id"}:
        return 3, f"{URL}{words[start]}.{words[at + 1]}"[:70]
    return 1, None


def _digits(words: list[str], start: int, table: TokenTable) -> tuple[int, str | None]:
    """A run of numbers, or of digits spelled out, that is as long as a telephone number."""
    digits = spoken = parts = 0
    times, end, last = 1, start, start
    while end < len(words):
        word = words[end]
        if word in _MULTIPLIERS and parts:
            times = _MULTIPLIERS[word]
        elif word.startswith("<n"):
            digits, parts, last = digits + int(word[2]) * times, parts + 1, end
            times = 1
        elif len(word) == 1 and word.isdigit():
            digits, parts, last = digits + times, parts + 1, end
            times = 1
        elif _NUMBER_WORD in table.lexicon.words.get(word, ()) and word not in _AT and word not in _DOT:
            digits, spoken, parts, last = digits + times, spoken + 1, parts + 1, end
            times = 1
        elif not (word in _DIGIT_GLUE and (parts or word in "+(")):
            break
        if digits > MAX_PHONE_DIGITS:
            return 1, None
        end += 1
    enough = spoken >= MIN_SPOKEN_DIGITS or (digits >= MIN_PHONE_DIGITS and parts >= 2)
    if enough and words[start] not in (",", "-", ".", "/", ")"):
        return last - start + 1, PHONE
    return 1, None
