"""The blank multilingual spaCy pipeline: nothing is downloaded, nothing is trained."""

from __future__ import annotations

from typing import Any

import spacy
from spacy.language import Language

# Elided articles and pronouns ("l'extérieur", "dell'ordine", "j'envoie") become tokens of their own.
_ELISION = r"(?:l|d|j|m|t|s|n|c|qu|lorsqu|jusqu|dell|all|nell|sull|dall|un|quest|quell)'(?=\w\w)"


def blank_pipeline() -> Language:
    """A tokeniser for folded text (:mod:`.normalise`)."""
    nlp = spacy.blank("xx")
    tokenizer: Any = nlp.tokenizer
    tokenizer.prefix_search = spacy.util.compile_prefix_regex([_ELISION, *(nlp.Defaults.prefixes or ())]).search
    return nlp
