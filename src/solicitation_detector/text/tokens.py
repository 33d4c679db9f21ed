"""From a message's text to tokens and sentences.

spaCy sees each distinct *chunk* (text between white space) once: its tokens depend on nothing else, and chat repeats itself,
so a chunk's tokens are remembered. A token is an index into the :class:`TokenTable`, which holds what the features
need to know of a distinct word.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from solicitation_detector.text import disguise
from solicitation_detector.text.kinds import kind_of
from solicitation_detector.text.lexicon import Lexicon
from solicitation_detector.text.normalise import fold, mostly_latin, undisguised
from solicitation_detector.text.pipeline import blank_pipeline
from solicitation_detector.text.table import TokenTable

MAX_CHUNK_CHARACTERS = 100
MAX_SENTENCE_TOKENS = 60
REMEMBERED_CHUNKS = 200_000

_SENTENCE_END = re.compile(r"[.!?…。！？؟]+[\"'»”)\]]*$")
_ABBREVIATION = re.compile(
    r"\W*(?:[a-z]|e\.g|i\.e|z\.b|d\.h|p\.ej|etc|mr|mrs|ms|dr|approx|vs|no|nr|sr|sra|bzw|ca|inkl|exkl|т\.е|т\.д)\."
)
_EDGE_PUNCTUATION = re.compile(r"^([\"'(\[{«„“.,;:!?¿¡*~_-]*)(.*?)([\"')\]}»“”.,;:!?…*~_-]*)$", re.DOTALL)


class ParsedText(NamedTuple):
    """Tokens of a text.

    Attributes:
        tokens: indices into the token table.
        sentence_starts: where in ``tokens`` each sentence begins; empty only if there is no token.
        spans: for each token its first and past-the-last code point in the original text.
    """

    tokens: list[int]
    sentence_starts: list[int]
    spans: list[tuple[int, int]]


class _Chunk(NamedTuple):
    tokens: tuple[int, ...]
    spans: tuple[tuple[int, int], ...]
    ends_sentence: bool
    clues: int


class Tokeniser:
    """The spaCy stage: normalised tokens, sentences, and the way back to the original.

    Args:
        lexicon: decides into which words a disguise may be undone.
        remember: whether tokens of a chunk are remembered; the result is the same without.
    """

    def __init__(self, lexicon: Lexicon, *, remember: bool = True) -> None:
        self.lexicon = lexicon
        self.table = TokenTable(lexicon)
        self._remember = remember
        self._forget()

    def _forget(self) -> None:
        self._nlp = blank_pipeline()
        self._chunks: dict[tuple[str, bool], _Chunk] = {}

    def parse(self, text: str) -> ParsedText:
        """Tokens of one text; any string is accepted, at a cost linear in its length."""
        latin = mostly_latin(text)
        tokens: list[int] = []
        spans: list[tuple[int, int]] = []
        starts: list[int] = []
        position, clues, new_sentence = 0, 0, True
        for line in text.split("\n"):
            new_sentence = True
            for piece in _pieces(line):
                chunk = self._chunk(piece, latin)
                if chunk.tokens and (new_sentence or len(tokens) - starts[-1] >= MAX_SENTENCE_TOKENS):
                    starts.append(len(tokens))
                    new_sentence = False
                position = text.index(piece, position)
                tokens.extend(chunk.tokens)
                spans.extend([(position + start, position + end) for start, end in chunk.spans])
                position += len(piece)
                clues |= chunk.clues
                new_sentence = new_sentence or chunk.ends_sentence
        parsed = ParsedText(tokens, starts, spans)
        return disguise.join(parsed, self.table, clues)

    def _chunk(self, piece: str, latin: bool) -> _Chunk:
        known = self._chunks.get((piece, latin))
        if known is not None:
            return known
        chunk = self._analyse(piece, latin)
        if self._remember:
            if len(self._chunks) >= REMEMBERED_CHUNKS:
                self._forget()
            self._chunks[piece, latin] = chunk
        return chunk

    def _analyse(self, piece: str, latin: bool) -> _Chunk:
        folded = fold(piece, latin=latin)
        tokens, spans = [], []
        for start, end, word in self._words(folded.text):
            tokens.append(self.table.index(word))
            spans.append((folded.origins[start], folded.origins[end - 1] + 1))
        clues = 0
        for token in tokens:
            clues |= self.table.clues[token]
        return _Chunk(tuple(tokens), tuple(spans), _ends_sentence(folded.text), clues)

    def _words(self, text: str) -> list[tuple[int, int, str]]:
        match = _EDGE_PUNCTUATION.match(text)
        if match and (core := match[2]) and (plain := self._plain(core)) is not None:
            return [(match.start(2), match.end(2), plain)]
        words = []
        for token in self._nlp(text):
            start, end, word = token.idx, token.idx + len(token), token.text
            words.append((start, end, kind_of(word) or undisguised(word, self.lexicon.vocabulary)))
        return words

    def _plain(self, core: str) -> str | None:
        """The one token that a whole chunk is, where spaCy need not be asked or would cut it up."""
        if kind := kind_of(core):
            return kind
        plain = undisguised(core, self.lexicon.vocabulary)
        return plain if plain != core else None


def _pieces(line: str) -> list[str]:
    chunks = line.split()
    if max(map(len, chunks), default=0) <= MAX_CHUNK_CHARACTERS:
        return chunks
    size = MAX_CHUNK_CHARACTERS
    return [chunk[i : i + size] for chunk in chunks for i in range(0, len(chunk), size)]


def _ends_sentence(text: str) -> bool:
    return bool(_SENTENCE_END.search(text)) and not _ABBREVIATION.fullmatch(text)
