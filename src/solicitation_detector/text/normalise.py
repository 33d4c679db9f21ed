"""Undo disguises of single characters, and keep the way back to the original's code points.

Everything here works on one *chunk* (text without white space), so that a chunk's result can be remembered.
What spans several chunks ("w h a t s a p p", "john at gmail dot com") is undone in :mod:`.disguise`.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

# Letters that look like Latin ones (Unicode TR39 confusables, the part met in chats). Small capitals and
# look-alikes of other scripts have no NFKC decomposition, so they are listed.
_CYRILLIC = dict(zip("авекмнорстухіјѕԁԛԝһӏьԍ", "abekmhopctyxijsdqwhlbg", strict=True))
_GREEK = dict(zip("αβγεζηικνορτυχω", "abyeznikvoptuxw", strict=True))
_SMALL_CAPITALS = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢıɩøłđħɑɡ", "abcdefghijklmnoprstuvwyziioldhag", strict=True))
_ENCLOSED = {chr(first + i): chr(97 + i) for first in (0x1F130, 0x1F150, 0x1F170) for i in range(26)}
_SPECIAL = {"ß": "ss", "æ": "ae", "œ": "oe", "ё": "е", "’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'"}
_LOOKALIKES = _CYRILLIC | _GREEK
_ALWAYS = _SMALL_CAPITALS | _ENCLOSED | _SPECIAL
# Marks that belong to their letter in the writing itself: й, ї in Cyrillic. All others are dropped.
_KEPT_CYRILLIC = frozenset("йїґўщ")

_LEET = str.maketrans("0134578@$!|+€", "oieastbasiite")
_LEET_L = str.maketrans("0134578@$!|+€", "oleastbaslite")
_LEET_CANDIDATE = re.compile(r"(?=.*[a-z])(?=.*[0134578@$!|+€])[a-z0134578@$!|+€]{3,20}")
_SPLIT_LETTERS = re.compile(r"[^\W_](?:([.\-_*·•~|/,])[^\W_])(?:\1[^\W_])+\1?")
_REPEATS = re.compile(r"([^\W\d_])\1{2,}")


class Folded(NamedTuple):
    """A chunk in plain lower-case letters; ``origins[i]`` is where in the chunk the i-th character came from."""

    text: str
    origins: tuple[int, ...]


def mostly_latin(text: str) -> bool:
    """Whether a text is Latin, so that lone Cyrillic or Greek letters in it are look-alikes.

    >>> mostly_latin("write me on Теlegram please"), mostly_latin("пиши в Telegram")
    (True, False)
    """
    if text.isascii():
        return True
    latin = other = 0
    for character in text:
        if character.isalpha():
            if character < "\u0250":
                latin += 1
            elif "\u0370" <= character < "\u0530":
                other += 1
    return latin > 2 * other


def fold(chunk: str, *, latin: bool = True) -> Folded:
    """Lower case, NFKC, look-alikes, zero-width and combining marks; other scripts stay as they are.

    Args:
        chunk: text without white space.
        latin: whether the message around it is mostly Latin (:func:`mostly_latin`).

    >>> fold("ＷhаtsАрр").text, fold("привет", latin=False).text, fold("déjà").text
    ('whatsapp', 'привет', 'deja')
    """
    if chunk.isascii():
        return Folded(chunk.lower(), tuple(range(len(chunk))))
    characters: list[str] = []
    origins: list[int] = []
    for index, character in enumerate(chunk):
        for plain in _plain(character):
            characters.append(plain)
            origins.append(index)
    text = "".join(characters)
    if _holds_lookalikes(text, latin=latin):
        text = "".join(_LOOKALIKES.get(character, character) for character in text)
    return Folded(text, tuple(origins))


def _plain(character: str) -> str:
    lower = character.lower()
    if lower in _KEPT_CYRILLIC:
        return lower
    if (known := _ALWAYS.get(lower) or _ALWAYS.get(character)) is not None:
        return known
    result = ""
    for part in unicodedata.normalize("NFKD", lower):
        category = unicodedata.category(part)
        if category in ("Mn", "Me", "Cf", "Cc") or part == "\ufe0f":
            continue
        result += _ALWAYS.get(part, part).lower()
    return result


def _holds_lookalikes(text: str, *, latin: bool) -> bool:
    """Mixed scripts within one word, or in a Latin message a word wholly of look-alikes."""
    letters = [character for character in text if character.isalpha()]
    foreign = [character for character in letters if "\u0370" <= character < "\u0530"]
    if not foreign or any(character not in _LOOKALIKES for character in foreign):
        return False
    return latin or len(foreign) < len(letters)


def undisguised(word: str, known: frozenset[str] | set[str]) -> str:
    """A folded word without leetspeak, stretched letters or separators between letters.

    A reading is taken only if it is a known word, so that versions, product codes and file names stay readable.

    >>> names = frozenset({"paypal", "payment", "whatsapp", "free"})
    >>> [undisguised(w, names) for w in ("p4yp@l", "w.h.a.t.s.a.p.p", "freeeee", "v3.2", "b2b")]
    ['paypal', 'whatsapp', 'free', 'v3.2', 'b2b']
    """
    if word in known:
        return word
    if _SPLIT_LETTERS.fullmatch(word):
        word = re.sub(r"[\W_]", "", word)
        if word in known:
            return word
    if _REPEATS.search(word):
        for times in (r"\1\1", r"\1"):
            shorter = _REPEATS.sub(times, word)
            if shorter in known:
                return shorter
        word = _REPEATS.sub(r"\1\1", word)
    if _LEET_CANDIDATE.fullmatch(word):
        for table in (_LEET, _LEET_L):
            plain = word.translate(table)
            if plain in known:
                return plain
    return word
