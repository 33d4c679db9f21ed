"""64-bit feature hashes: n-grams, skip-grams and crossings of flat symbol arrays, a whole batch at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Indices = NDArray[np.intp]

MULTIPLIER = np.uint64(0xBF58476D1CE4E5B9)
_MASK = 0xFFFFFFFFFFFFFFFF
_SHIFT = np.uint64(31)


def hash_text(text: str) -> int:
    """64-bit FNV-1a of a text: the same on every machine and in every process."""
    value = 0xCBF29CE484222325
    for byte in text.encode("utf-8", "surrogatepass"):
        value = ((value ^ byte) * 0x100000001B3) & _MASK
    return value


def _salt(name: str) -> np.uint64:
    return np.uint64(hash_text(name))


def salted(values: tuple[Indices, Hashes], name: str) -> tuple[Indices, Hashes]:
    """Features of one group, told apart from those of other groups by its name."""
    units, hashes = values
    return units, (hashes ^ _salt(name)) * MULTIPLIER


def crossed(values: tuple[Indices, Hashes], context: Hashes, name: str) -> tuple[Indices, Hashes]:
    """Features together with a fact about their message."""
    units, hashes = values
    return units, (hashes ^ (context[units] + _salt(name))) * MULTIPLIER


def ngrams(values: tuple[Indices, Hashes], n: int, name: str) -> tuple[Indices, Hashes]:
    """Runs of ``n`` neighbours within a unit, in order."""
    units, hashes = values
    count = max(len(units) - n + 1, 0)
    together = units[:count] == units[n - 1 :][:count]
    mixed = hashes[:count]
    for offset in range(1, n):
        mixed = (mixed * MULTIPLIER) ^ (mixed >> _SHIFT) ^ hashes[offset : offset + count]
    return salted((units[:count][together], mixed[together]), name)


def skipgrams(values: tuple[Indices, Hashes], name: str) -> tuple[Indices, Hashes]:
    """Pairs with one symbol between them, in order."""
    units, hashes = values
    together = units[:-2] == units[2:]
    mixed = (hashes[:-2] * MULTIPLIER) ^ (hashes[:-2] >> _SHIFT) ^ hashes[2:]
    return salted((units[:-2][together], mixed[together]), name)
