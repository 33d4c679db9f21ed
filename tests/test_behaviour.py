"""What users were promised, held against the shipped model: plain cases, disguises, padding, history, payment status."""

from __future__ import annotations

import pytest

from solicitation_detector import Message
from solicitation_detector.datasets import load_corpus
from solicitation_detector.messages import Action, Label

DIRECT, SOURCE, TEST = Label.GOING_DIRECT, Label.SOURCE_BEFORE_PAYMENT, Label.FREE_TEST_TASK

MUST_FLAG = [
    (DIRECT, "client", "unknown", "Can we continue on WhatsApp? It's faster for me."),
    (DIRECT, "client", "unpaid", "I'd rather pay you by bank transfer so that we both save the platform fee."),
    (DIRECT, "freelancer", "unknown", "Just write to me at anna.lind@gmail.com and we'll sort out the price there."),
    (DIRECT, "freelancer", "paid", "After this contract ends we can work directly, without the middleman."),
    (DIRECT, "client", "unknown", "on peut faire ça en direct, sans passer par le site ? je te paie par virement"),
    (DIRECT, "client", "unknown", "Pásame tu número de WhatsApp y lo hablamos por fuera de la plataforma"),
    (DIRECT, "client", "unknown", "Können wir das direkt machen, ohne die Plattform? Ich überweise dir das Geld."),
    (DIRECT, "client", "unknown", "Me chama no WhatsApp que a gente fecha por fora e paga no Pix"),
    (DIRECT, "client", "unknown", "Давайте напрямую, без площадки, напишите мне в телеграм"),
    (DIRECT, "client", "unknown", "Se ti va lo facciamo fuori dalla piattaforma, ti pago con bonifico"),
    (SOURCE, "client", "unpaid", "Send me the source code first, then I will pay."),
    (SOURCE, "client", "unpaid", "I need the PSD files before I fund the milestone."),
    (SOURCE, "client", "unpaid", "Envoyez-moi d'abord les fichiers sources, je paie ensuite."),
    (SOURCE, "client", "unpaid", "Mándame primero el código fuente y después te pago."),
    (SOURCE, "client", "unpaid", "Schick mir erst die Quelldateien, dann bezahle ich."),
    (TEST, "client", "unknown", "Please do the first page for free so that we can see your level."),
    (TEST, "client", "unknown", "Please complete this short unpaid test task and we will get back to you."),
    (TEST, "client", "unknown", "Fais-nous un petit essai gratuit sur notre texte, ensuite on décide."),
    (TEST, "client", "unknown", "Haz una prueba gratis con nuestro logo y si nos gusta te contratamos."),
    (TEST, "client", "unknown", "Сделайте тестовое задание бесплатно, потом решим, кого берём"),
]

MUST_PASS = [
    ("freelancer", "unknown", "Sorry, I can't share my number here, it's against the rules."),
    ("freelancer", "unknown", "Sorry, I don't work outside of the platform. Have a nice day!"),
    ("freelancer", "unknown", "A client asked me to pay by PayPal, is that allowed?"),
    ("client", "unknown", "We need a WhatsApp bot that answers our customers' questions."),
    ("client", "escrowed", "The footer should say info@acme.example and our shop's phone number."),
    ("client", "paid", "I've released the milestone, please upload the source files."),
    ("client", "unknown", "We start with a paid trial, $50 for the first page."),
    ("freelancer", "unknown", "You can see three similar websites in my portfolio."),
    ("client", "escrowed", "The colours look great, could you make the logo a bit bigger?"),
    ("freelancer", "escrowed", "I'll test the checkout tomorrow and send you the report."),
    ("client", "unknown", "Shall we have a Zoom call tomorrow at 3?"),
    ("freelancer", "unknown", "Désolé, je ne travaille pas en dehors de la plateforme."),
    ("freelancer", "unknown", "Lo siento, no puedo compartir mi número, va contra las reglas."),
    ("freelancer", "unknown", "Leider darf ich hier keine Kontaktdaten austauschen."),
    ("freelancer", "unknown", "Desculpe, não posso passar meu contato, é contra as regras."),
    ("freelancer", "unknown", "Извините, по правилам я не могу работать вне платформы."),
    ("freelancer", "unknown", "Mi dispiace, non posso lavorare fuori dalla piattaforma."),
    ("client", "unknown", "Thanks!"),
    ("client", "unknown", "Is Monday 10:30 fine?"),
]

FILLERS = [
    "Thanks for the quick answer.",
    "We are a small bakery with two shops in the old town.",
    "The menu has twelve pages and some photos.",
    "Green and cream are our colours.",
    "My sister took the photographs last summer.",
    "The old site loads slowly on phones.",
    "We open at seven in the morning.",
]


def judge(shipped, text, role="unknown", payment="unknown", history=()):
    return shipped.detect([Message(text=text, sender_role=role, payment_status=payment, history=history)])[0]


@pytest.mark.parametrize(("label", "role", "payment", "text"), MUST_FLAG)
def test_a_plain_solicitation_is_flagged_with_evidence_and_reminder(shipped, label, role, payment, text):
    verdict = judge(shipped, text, role, payment)
    assert label in verdict.labels
    assert verdict.action is Action.REMIND
    assert verdict.sender_reminder
    assert verdict.recipient_advice
    pieces = [piece for piece in verdict.evidence if piece.label is label]
    assert pieces
    for piece in pieces:
        assert piece.text == text[piece.start : piece.end] != ""


@pytest.mark.parametrize(("role", "payment", "text"), MUST_PASS)
def test_refusals_work_content_and_paid_requests_pass(shipped, role, payment, text):
    verdict = judge(shipped, text, role, payment)
    assert verdict.labels == ()
    assert verdict.action is Action.ALLOW
    assert verdict.sender_reminder is None
    assert verdict.recipient_advice is None
    assert verdict.evidence == ()


CHANNELS = [
    "WhatsApp",
    "ＷｈａｔｓＡｐｐ",
    "whаtsаpp",
    "w h a t s a p p",
    "w.h.a.t.s.a.p.p",
    "wh@ts@pp",
    "whats app",
    "what\u200bsapp",
]


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_disguise_changes_no_verdict(shipped, channel):
    assert DIRECT in judge(shipped, f"Can we continue on {channel}? It's faster for me.", "client").labels


@pytest.mark.parametrize("word", ["payment", "p@yment", "paymеnt", "p.a.y.m.e.n.t", "pay ment"])
def test_a_disguise_alone_is_no_crime(shipped, word):
    assert judge(shipped, f"Thank you, I saw that the {word} for the milestone has arrived.", "freelancer").labels == ()


@pytest.mark.parametrize("text", ["Please send the source files now.", "Can you send me the PSD please?"])
def test_a_bare_request_follows_the_payment_status(shipped, text):
    assert SOURCE in judge(shipped, text, "client", "unpaid").labels
    for payment in ("escrowed", "paid", "unknown"):
        assert SOURCE not in judge(shipped, text, "client", payment).labels


def test_a_bare_yes_follows_the_history(shipped):
    proposed = [{"sender_role": "client", "text": "Shall we move to Telegram and I pay by PayPal, without the site?"}]
    arranged = [{"sender_role": "client", "text": "Shall we have the review call tomorrow at 3?"}]
    assert DIRECT in judge(shipped, "sure, sounds good", "freelancer", history=proposed).labels
    assert judge(shipped, "sure, sounds good", "freelancer", history=arranged).labels == ()


@pytest.mark.parametrize("count", [1, 5, 20])
@pytest.mark.parametrize(("label", "role", "payment", "text"), MUST_FLAG[:3] + MUST_FLAG[10:12] + MUST_FLAG[15:17])
def test_padding_does_not_dilute(shipped, label, role, payment, text, count):
    filler = [FILLERS[i % len(FILLERS)] for i in range(count)]
    padded = " ".join([*filler[: count // 2 + 1], text, *filler[count // 2 + 1 :]])
    assert label in judge(shipped, padded, role, payment).labels


def test_the_manifest_names_exactly_the_data(shipped, corpus_folder):
    from solicitation_detector.datasets import corpus_sha256

    assert shipped.manifest["training_data"] == corpus_sha256(corpus_folder)


def test_the_benchmark_shares_no_author_and_no_near_duplicate_with_the_training_data(corpus_folder):
    from duplicates import near_duplicates

    benchmark, training = load_corpus(corpus_folder / "benchmark"), load_corpus(corpus_folder)
    assert not {row.author for row in benchmark} & {row.author for row in training}
    pairs = [pair for pair in near_duplicates([*benchmark, *training]) if pair.earlier.author != pair.later.author]
    authors = {row.author for row in benchmark}
    assert [pair for pair in pairs if pair.earlier.author in authors] == []


HOSTILE = [
    "\x00", "\u200f\u202e", "🙂" * 20_000, "x" * 20_000, "a." * 10_000, "7 " * 10_000, "\n" * 20_000, "a\u0336" * 10_000, " ",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:3]))
def test_hostile_text_gets_a_verdict(shipped, text):
    verdict = judge(shipped, text)
    assert set(verdict.scores) == set(Label)
    assert all(0 <= score <= 1 for score in verdict.scores.values())
