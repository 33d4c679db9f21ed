"""Disguises are undone, innocent text stays as it is, and every token knows where it came from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solicitation_detector.features import FeatureExtractor
from solicitation_detector.text.language import detect_language
from solicitation_detector.text.lexicon import CONCEPTS, Lexicon
from solicitation_detector.text.tokens import Tokeniser


@pytest.fixture(scope="module")
def tokeniser():
    return Tokeniser(Lexicon.load())


def words(tokeniser, text):
    return [tokeniser.table.texts[token] for token in tokeniser.parse(text).tokens]


@pytest.mark.parametrize(
    ("disguised", "meant"),
    [
        ("ｗｈａｔｓａｐｐ", "whatsapp"),
        ("𝓦𝓱𝓪𝓽𝓼𝓐𝓹𝓹", "whatsapp"),
        ("ᴡʜᴀᴛsᴀᴘᴘ", "whatsapp"),
        ("🅆🄷🄰🅃🅂🄰🄿🄿", "whatsapp"),
        ("ⓦⓗⓐⓣⓢⓐⓟⓟ", "whatsapp"),
        ("whаtsаpp", "whatsapp"),  # Cyrillic а
        ("τelegram", "telegram"),  # Greek tau
        ("tele\u200bgram", "telegram"),
        ("t̶e̶l̶e̶g̶r̶a̶m̶", "telegram"),
        ("w.h.a.t.s.a.p.p", "whatsapp"),
        ("w h a t s a p p", "whatsapp"),
        ("tele gram", "telegram"),
        ("p4yp4l", "paypal"),
        ("P@YP@L", "paypal"),
        ("paaaaypal", "paypal"),
        ("p@yment", "payment"),
        ("plus four four seven seven zero zero nine zero zero one two three", "<phone>"),
        ("+44 7700 900 123", "<phone>"),
        ("0️⃣7️⃣7️⃣0️⃣0️⃣9️⃣0️⃣0️⃣1️⃣2️⃣3️⃣", "<phone>"),
        ("john at gmail dot com", "<email>"),
        ("j o h n at g mail dot com", "<email>"),
        ("john(at)acme(dot)example", "<email>"),
        ("jo@acme.example", "<email>"),
    ],
)
def test_a_disguise_is_undone(tokeniser, disguised, meant):
    assert meant in words(tokeniser, f"so {disguised} then")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Привет, отправлю эскизы завтра", ["привет", "отправлю", "эскизы", "завтра"]),
        ("γειά σου φίλε", ["γεια", "σου", "φιλε"]),
        ("upgrade to v3.2 of b2b-api", ["v3.2"]),
        ("for i in range(10): print(i)", ["for", "in", "range(10", "print(i"]),
        ("a i b c are options", ["options"]),
        ("see fig. 3 at 10:30", ["fig", "at"]),
        ("order 2026-11-22, 1,250.00 EUR", ["order", "<date>", "eur"]),
        ("文件已经收到", ["文件已经收到"]),
        ("مرحبا كيف حالك", ["مرحبا"]),
    ],
)
def test_innocent_text_stays_readable(tokeniser, text, kept):
    found = words(tokeniser, text)
    for word in kept:
        assert word in found
    assert "<phone>" not in found
    assert "<email>" not in found


def test_spans_point_into_the_original(tokeniser):
    text = "🙂 call me on t e l e g r a m, or j o @ acme"
    parsed = tokeniser.parse(text)
    by_word = {tokeniser.table.texts[t]: text[a:b] for t, (a, b) in zip(parsed.tokens, parsed.spans, strict=True)}
    assert by_word["telegram"] == "t e l e g r a m"
    assert by_word["call"] == "call"


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_is_tokenised_with_spans_in_order(text):
    parsed = Tokeniser(Lexicon.load()).parse(text)
    edges = [edge for span in parsed.spans for edge in span]
    assert all(0 <= a < b <= len(text) for a, b in parsed.spans)
    assert edges == sorted(edges)
    assert parsed.sentence_starts == sorted(set(parsed.sentence_starts))
    assert bool(parsed.tokens) == bool(parsed.sentence_starts)


PARTS = ("tele", "gram", "w", "h", "a", "t", "s", "at", "dot", "com", "+44", "7700", "900", "nine", "two", "hello", ".", "!")


@given(st.lists(st.sampled_from(PARTS), max_size=30))
@settings(max_examples=100, deadline=None)
def test_what_is_remembered_changes_nothing(parts):
    text = " ".join(parts)
    plain, remembering = Tokeniser(Lexicon.load(), remember=False), Tokeniser(Lexicon.load())
    for tokeniser in (remembering, remembering, plain):
        parsed = tokeniser.parse(text)
        found = [tokeniser.table.texts[token] for token in parsed.tokens], parsed.sentence_starts, parsed.spans
        assert found == (words(plain, text), plain.parse(text).sentence_starts, plain.parse(text).spans)


def test_sentences_end_at_punctuation_and_line_breaks_not_at_abbreviations(tokeniser):
    parsed = tokeniser.parse("Thanks! Can you, e.g. today, send it?\n- second item\nthird")
    assert len(parsed.sentence_starts) == 4


@pytest.mark.parametrize(
    ("text", "concept"),
    [
        ("envoie ton whatsapp", "messenger"),
        ("l'extérieur de la plateforme", "platform"),
        ("оплата напрямую", "leave"),
        ("ohne Bezahlung", "unpaid"),
        ("manda la muestra", "test"),
        ("i sorgenti del progetto", "source_asset"),
        ("em garantia na plataforma", "platform"),
    ],
)
def test_concepts_are_known_in_many_languages(text, concept):
    marks = FeatureExtractor().analyse(text).marks
    assert concept in {CONCEPTS[index] for mark in marks for index in mark.concepts}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Could you send me the draft by Monday?", "en"),
        ("Pouvez-vous m'envoyer le brouillon lundi ?", "fr"),
        ("Können Sie mir den Entwurf schicken?", "de"),
        ("¿Me puedes mandar el borrador el lunes?", "es"),
        ("Você pode me mandar o rascunho na segunda?", "pt"),
        ("Можете прислать черновик в понедельник?", "ru"),
        ("Puoi mandarmi la bozza lunedì?", "it"),
        ("12:30 :)", "und"),
    ],
)
def test_the_language_is_detected(text, language):
    assert detect_language(text) == language
