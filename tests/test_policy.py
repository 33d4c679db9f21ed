"""The policy: what is allowed when, and what is said."""

from __future__ import annotations

import pickle
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from solicitation_detector.errors import InvalidPolicy
from solicitation_detector.messages import LABELS, Action, ContractStatus, Label, Message, Relationship
from solicitation_detector.policy import Policy, PolicyDecision
from solicitation_detector.words import WORD_LANGUAGES, words_in

DIRECT, SOURCE, TEST = LABELS
TODAY = date(2025, 6, 1)
DEFAULT = (Path(__file__).parents[1] / "src/solicitation_detector/default_policy.toml").read_text(encoding="utf-8")


def decide(*labels: Label, language: str = "en", today: date = TODAY, **facts: Any) -> PolicyDecision:
    return Policy.default().decide(Message(text="any", **facts), labels, language, today)


def changed(tmp_path: Path, old: str, new: str) -> Policy:
    assert old in DEFAULT
    path = tmp_path / "policy.toml"
    path.write_text(DEFAULT.replace(old, new), encoding="utf-8")
    return Policy.from_toml(path)


@pytest.mark.parametrize(
    ("facts", "action"),
    [
        ({}, Action.REMIND),
        ({"contract_status": "none"}, Action.REMIND),
        ({"contract_status": "active"}, Action.REMIND),
        ({"contract_status": "active", "contract_ended_on": "2020-01-01"}, Action.REMIND),
        ({"contract_status": "ended"}, Action.REMIND),
        ({"contract_status": "ended", "contract_ended_on": "2024-06-02"}, Action.REMIND),
        ({"contract_status": "ended", "contract_ended_on": "2024-06-01"}, Action.ALLOW),
        ({"contract_status": "ended", "contract_ended_on": "2024-06-02", "relationship": "referral"}, Action.REMIND),
        ({"contract_status": "ended", "contract_ended_on": "2024-06-01", "relationship": "referral"}, Action.ALLOW),
        ({"contract_status": "unknown", "contract_ended_on": "2020-01-01"}, Action.REMIND),
        ({"contract_status": "active", "relationship": "independent"}, Action.ALLOW),
        ({"relationship": "platform"}, Action.REMIND),
        ({"relationship": "referral"}, Action.REMIND),
        ({"prior_reminders": 1}, Action.REMIND),
        ({"prior_reminders": 2}, Action.REVIEW),
        ({"prior_reminders": 9, "relationship": "independent"}, Action.ALLOW),
    ],
)
def test_when_going_direct_is_allowed(facts: dict[str, Any], action: Action) -> None:
    assert decide(DIRECT, **facts).action is action


def test_the_day_is_that_of_the_message_and_today_only_without_one() -> None:
    ended: dict[str, Any] = {"contract_status": "ended", "contract_ended_on": "2024-06-10"}
    assert decide(DIRECT, sent_at="2025-06-09T23:59:59Z", today=date(2030, 1, 1), **ended).action is Action.REMIND
    assert decide(DIRECT, sent_at="2025-06-10T00:00:00Z", today=date(2000, 1, 1), **ended).action is Action.ALLOW
    assert decide(DIRECT, today=date(2025, 6, 10), **ended).action is Action.ALLOW


def test_one_moment_is_one_day_whatever_the_zone_it_is_written_in() -> None:
    ended: dict[str, Any] = {"contract_status": "ended", "contract_ended_on": "2024-06-10"}
    for moment in ("2025-06-10T01:00:00+02:00", "2025-06-09T23:00:00+00:00", "2025-06-09T18:00:00-05:00"):
        assert decide(DIRECT, sent_at=moment, **ended).action is Action.REMIND


def test_a_window_from_the_last_of_february_ends_on_the_last_of_february() -> None:
    ended: dict[str, Any] = {"contract_status": "ended", "contract_ended_on": "2024-02-29"}
    assert decide(DIRECT, today=date(2025, 2, 27), **ended).action is Action.REMIND
    assert decide(DIRECT, today=date(2025, 2, 28), **ended).action is Action.ALLOW


def test_the_window_is_a_setting(tmp_path: Path) -> None:
    policy = changed(tmp_path, "months_after_contract = 12", "months_after_contract = 24")
    message = Message(text="any", contract_status="ended", contract_ended_on="2024-01-01")  # type: ignore[arg-type]
    assert policy.decide(message, (DIRECT,), "en", date(2025, 12, 31)).action is Action.REMIND
    assert policy.decide(message, (DIRECT,), "en", date(2026, 1, 1)).action is Action.ALLOW


@given(
    ended=st.dates(date(1950, 1, 1), date(2100, 1, 1)),
    days=st.integers(0, 2000),
    more=st.integers(0, 2000),
)
def test_what_is_allowed_on_a_day_is_allowed_on_every_later_day(ended: date, days: int, more: int) -> None:
    message = Message(text="any", contract_status=ContractStatus.ENDED, contract_ended_on=ended)
    policy = Policy.default()
    allowed = policy.may_go_direct(message, ended + timedelta(days))
    assert not allowed or policy.may_go_direct(message, ended + timedelta(days + more))
    assert allowed == (days >= 365) or days in (365, 366)


_messages = st.builds(
    Message,
    text=st.just("any"),
    contract_status=st.sampled_from(ContractStatus),
    contract_ended_on=st.none() | st.dates(date(2020, 1, 1), date(2026, 1, 1)),
    relationship=st.sampled_from(Relationship),
    prior_reminders=st.integers(0, 4),
)


@given(message=_messages, labels=st.sets(st.sampled_from(LABELS)), language=st.sampled_from([*WORD_LANGUAGES, "xx"]))
def test_the_strictest_label_decides_and_nothing_is_held(message: Message, labels: set[Label], language: str) -> None:
    policy = Policy.default()
    decision = policy.decide(message, tuple(labels), language, TODAY, ["messenger"])
    alone = [policy.decide(message, (label,), language, TODAY).action for label in labels]
    assert decision.action == max(alone, key=list(Action).index, default=Action.ALLOW)
    assert decision.action is not Action.HOLD
    silent = decision.action is Action.ALLOW
    assert (decision.sender_reminder is None) == (decision.recipient_advice is None) == silent
    assert decision.reason.endswith(".")
    assert ". " not in decision.reason


def test_no_label_is_allowed_in_silence() -> None:
    assert decide() == PolicyDecision(Action.ALLOW, None, None, "No label reaches its threshold.")


@pytest.mark.parametrize("label", [SOURCE, TEST])
def test_source_and_test_tasks_are_reminded_of_whatever_the_relationship(label: Label) -> None:
    free: dict[str, Any] = {
        "relationship": "independent",
        "contract_status": "ended",
        "contract_ended_on": "2001-01-01",
    }
    assert decide(label, **free).action is Action.REMIND
    assert decide(label, prior_reminders=2, **free).action is Action.REVIEW


def test_the_freelancer_gets_a_polite_answer_for_a_request_for_source() -> None:
    advice = decide(SOURCE).recipient_advice
    assert advice is not None
    assert "I send the source as soon as the order is paid, as agreed" in advice


def test_an_allowed_label_is_not_spoken_of() -> None:
    words = words_in("en")
    decision = decide(DIRECT, TEST, relationship="independent")
    assert decision.action is Action.REMIND
    assert decision.sender_reminder == words.sender_reminder([TEST])
    assert decision.recipient_advice == words.recipient_advice([TEST])


@pytest.mark.parametrize("language", WORD_LANGUAGES)
def test_words_are_complete_short_and_of_their_language(language: str) -> None:
    words = words_in(language)
    for label in LABELS:
        reminder, advice = words.sender_reminder([label]), words.recipient_advice([label])
        assert 60 < len(reminder) < 260
        assert 60 < len(advice) < 260
        if language != "en":
            assert reminder != words_in("en").sender_reminder([label])
    assert len({words.sender_reminder([label]) for label in LABELS}) == 3


def test_other_languages_get_english() -> None:
    assert decide(DIRECT, language="pl") == decide(DIRECT, language="en")
    assert decide(DIRECT, language="de") != decide(DIRECT, language="en")


def test_reason_names_circumstances_signals_and_reminders() -> None:
    message = Message(text="secret words", contract_status=ContractStatus.ACTIVE, prior_reminders=1)
    reason = Policy.default().decide(message, (DIRECT,), "de", TODAY, ["messenger", "contact_phone", "messenger"]).reason
    assert "while the contract is active" in reason
    assert "messenger, contact_phone;" in reason
    assert "earlier reminders: 1" in reason
    assert "secret" not in reason


def test_a_policy_can_hold_and_tells_the_sender_so(tmp_path: Path) -> None:
    policy = changed(
        tmp_path,
        '[free_test_task]\naction = "remind"\nrepeated_action = "review"',
        '[free_test_task]\naction = "hold"\nrepeated_action = "hold"',
    )
    decision = policy.decide(Message(text="any"), (DIRECT, TEST), "it", TODAY)
    assert decision.action is Action.HOLD
    assert decision.sender_reminder is not None
    assert decision.sender_reminder.startswith(words_in("it").held)
    assert words_in("it").reminder[TEST] in decision.sender_reminder


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('version = "platform-practice-1"', "", "version: missing"),
        ('version = "platform-practice-1"', "version = 3", "version: wanted a string"),
        ("repeated_from = 2", "repeated_from = true", "reminders.repeated_from: wanted an integer"),
        ("repeated_from = 2", "repeated_form = 2", "reminders.repeated_form: unknown key"),
        ("months_after_contract = 12", "months_after_contract = -1", "going_direct.months_after_contract"),
        ("months_after_contract = 12", "", "going_direct.months_after_contract: missing"),
        ('["independent"]', '["independant"]', "going_direct.allowed_relationships[0]"),
        ('["independent"]', '"independent"', "going_direct.allowed_relationships: wanted a list"),
        ('action = "remind"', 'action = "warn"', "going_direct.action: wanted one of allow, remind, review, hold"),
        ('repeated_action = "review"', 'repeated_action = "allow"', "going_direct.repeated_action: allow is milder"),
        ("[free_test_task]", "[free_test_tasks]", "free_test_tasks: unknown key"),
        ("[going_direct]", "thresholds = [0.5]\n[going_direct]", "reminders.thresholds: unknown key"),
        ("[going_direct]", "[going_direct", "is not TOML"),
    ],
)
def test_a_wrong_policy_file_is_refused_by_the_name_of_the_key(tmp_path: Path, old: str, new: str, key: str) -> None:
    with pytest.raises(InvalidPolicy) as caught:
        changed(tmp_path, old, new)
    assert f"policy.toml: {key}" in str(caught.value)


def test_a_file_that_is_not_there_is_no_reason_to_fall_back(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Policy.from_toml(tmp_path / "none.toml")


def test_version_follows_content_not_layout(tmp_path: Path) -> None:
    default = Policy.default()
    assert default.version.startswith("platform-practice-1+")
    assert changed(tmp_path, "[going_direct]", "# a remark\n\n[going_direct]").version == default.version
    assert changed(tmp_path, "repeated_from = 2", "repeated_from = 3").version != default.version
    assert pickle.loads(pickle.dumps(default)).version == default.version
