"""What is a message and what is not."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solicitation_detector import InvalidMessage, Message, Turn
from solicitation_detector.messages import HISTORY_TURNS, MAX_TEXT_CHARACTERS, PaymentStatus, SenderRole

SECRET = "meet me on the usual app"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": None}, "text"),
        ({"text": 7}, "text"),
        ({"text": b"bytes"}, "text"),
        ({"text": "x" * (MAX_TEXT_CHARACTERS + 1)}, "text"),
        ({"text": SECRET + "\ud800"}, "text"),
        ({"text": SECRET, "colour": "red"}, "colour"),
        ({"text": SECRET, "sender_role": "boss"}, "sender_role"),
        ({"text": SECRET, "sender_role": 3}, "sender_role"),
        ({"text": SECRET, "payment_status": "PAID"}, "payment_status"),
        ({"text": SECRET, "contract_status": "over"}, "contract_status"),
        ({"text": SECRET, "relationship": []}, "relationship"),
        ({"text": SECRET, "sent_at": "yesterday"}, "sent_at"),
        ({"text": SECRET, "contract_ended_on": "2024-13-01"}, "contract_ended_on"),
        ({"text": SECRET, "prior_reminders": -1}, "prior_reminders"),
        ({"text": SECRET, "prior_reminders": True}, "prior_reminders"),
        ({"text": SECRET, "id": 5}, "id"),
        ({"text": SECRET, "history": "earlier"}, "history"),
        ({"text": SECRET, "history": [{"text": "hi"}, {"text": 4}]}, "history[1].text"),
        ({"text": SECRET, "history": [{"text": "hi", "sender_role": "x"}]}, "history[0].sender_role"),
        ({"text": SECRET, "history": [{"body": "hi"}]}, "history[0].body"),
    ],
)
def test_what_is_no_message_is_refused_by_field_and_never_quoted(values, field):
    with pytest.raises(InvalidMessage) as caught:
        Message.from_dict(values)
    assert caught.value.field == field
    assert SECRET not in str(caught.value)


def test_strings_become_enums_and_dates():
    message = Message.from_dict({
        "text": "hi", "sender_role": "client", "payment_status": "paid", "sent_at": "2026-01-02T03:04:05+00:00",
        "contract_ended_on": "2025-01-02", "history": [{"sender_role": "freelancer", "text": "hello"}],
    })  # fmt: skip
    assert message.sender_role is SenderRole.CLIENT
    assert message.payment_status is PaymentStatus.PAID
    assert message.sent_at.year == 2026
    assert message.contract_ended_on.year == 2025
    assert message.history == (Turn("hello", SenderRole.FREELANCER),)


def test_only_the_last_ten_turns_are_kept_and_errors_count_from_the_whole_list():
    history = [{"text": str(number)} for number in range(25)]
    assert [turn.text for turn in Message(text="x", history=history).history] == [str(n) for n in range(15, 25)]
    with pytest.raises(InvalidMessage) as caught:
        Message(text="x", history=[*history, {"text": 1}])
    assert caught.value.field == f"history[{len(history)}].text"
    assert HISTORY_TURNS == 10


@given(st.text(min_size=1, max_size=200))
def test_any_text_without_surrogates_is_a_message(text):
    assert Message(text=text).text == text


def test_a_refusal_survives_a_process_boundary():
    error = pickle.loads(pickle.dumps(InvalidMessage("text", "is empty")))
    assert (error.field, error.problem) == ("text", "is empty")
