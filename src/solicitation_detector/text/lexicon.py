"""The lexicon: which concept a word or phrase belongs to, in all languages at once (lexicon/README.md)."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.resources import files

from solicitation_detector.text.pipeline import blank_pipeline

LANGUAGES = ("en", "fr", "es", "de", "pt", "it", "nl", "ru", "uk", "pl", "tr", "hi", "id")

# In order of weight: where a word has several concepts, the first is its place-holder in n-grams.
CONCEPTS = (
    "messenger", "payment_rail", "contact_noun", "source_asset", "fee", "leave", "secrecy", "pay_later", "secured",
    "unpaid", "test", "existing_work", "selection", "platform", "refuse", "rule", "report", "quote", "own_material",
    "employment", "saving", "look", "deliver", "contact_verb", "pay", "work_tool", "call", "third_person", "future",
    "condition", "negation", "accept", "request", "offer", "work", "you", "self", "number_word",
)  # fmt: skip
CONCEPT_INDEX = {concept: index for index, concept in enumerate(CONCEPTS)}
# Names that people split ("tele gram") or disguise; long enough that joining words cannot make them by chance.
_NAME_CONCEPTS = ("messenger", "payment_rail")


class PhraseNode:
    """A word within phrases: which words may follow, and the concepts of the phrase that ends here."""

    __slots__ = ("concepts", "following")

    def __init__(self) -> None:
        self.following: dict[str, PhraseNode] = {}
        self.concepts: set[int] = set()


class Lexicon:
    """Terms of all languages, ready for look-up.

    Attributes:
        words: single word → concept indices.
        phrases: a trie, word → :class:`PhraseNode`, of the terms of several words.
        names: names of messengers and payment rails, as single words.
        vocabulary: every word that occurs in a term; a disguised word is undone only into one of these.
    """

    def __init__(self, terms: dict[str, list[str]]) -> None:
        split = _splitter()
        words: defaultdict[str, set[int]] = defaultdict(set)
        stems: defaultdict[str, set[int]] = defaultdict(set)
        self.phrases: dict[str, PhraseNode] = {}
        for concept, entries in terms.items():
            index = CONCEPT_INDEX[concept]
            for term in entries:
                first, *rest = split(term)
                if rest:
                    node = self.phrases.setdefault(first, PhraseNode())
                    for word in rest:
                        node = node.following.setdefault(word, PhraseNode())
                    node.concepts.add(index)
                elif first.endswith("*"):
                    stems[first[:-1]].add(index)
                else:
                    words[first].add(index)
        self.words = {word: tuple(sorted(concepts)) for word, concepts in words.items()}
        self._stems = {stem: tuple(sorted(concepts)) for stem, concepts in stems.items()}
        self._stem_lengths = sorted({len(stem) for stem in stems}, reverse=True)
        self.names = frozenset(
            word for c in _NAME_CONCEPTS for term in terms.get(c, ()) if (word := term.rstrip("*")).isalpha()
        )
        self.vocabulary = frozenset(word.rstrip("*") for entries in terms.values() for term in entries for word in term.split())

    @classmethod
    @cache
    def load(cls) -> Lexicon:
        """The lexicon that is shipped with the package."""
        terms: defaultdict[str, list[str]] = defaultdict(list)
        for source in _sources():
            for concept, entries in tomllib.loads(source.decode("utf-8")).items():
                terms[concept].extend(entries)
        return cls(terms)

    def concepts(self, word: str) -> tuple[int, ...]:
        """Concept indices of a folded word, the weightiest first; empty if it has none."""
        found = self.words.get(word, ())
        for length in self._stem_lengths:
            if length <= len(word) and (by_stem := self._stems.get(word[:length])):
                return tuple(sorted({*found, *by_stem}))
        return found


def _sources() -> list[bytes]:
    folder = files(__package__).joinpath("lexicon")
    return [folder.joinpath(f"{name}.toml").read_bytes() for name in ("names", *LANGUAGES)]


@cache
def lexicon_sha256() -> str:
    """Hash of all lexicon files; a model goes with the lexicon that it was trained on."""
    return sha256(b"\0".join(_sources())).hexdigest()


def _splitter() -> Callable[[str], list[str]]:
    """Terms are cut as texts are, so that "let's" in the lexicon meets "let's" in a message."""
    nlp = blank_pipeline()

    def split(term: str) -> list[str]:
        if term.replace(" ", "").replace("*", "").isalnum():
            return term.split()
        return [part for word in term.split() for part in ([word] if word.endswith("*") else [t.text for t in nlp(word)])]

    return split
