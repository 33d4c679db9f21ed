"""The command line: what it prints, where, and its exit status."""

from __future__ import annotations

import io
import json
import runpy
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import solicitation_detector.application as application
import solicitation_detector.cli as cli
from conftest import FakeDetector
from solicitation_detector.cli import main
from solicitation_detector.datasets import load_corpus
from solicitation_detector.errors import InvalidPolicy, InvalidSettings
from solicitation_detector.messages import LABELS, Evidence, Label, Message, PaymentStatus, SenderRole
from solicitation_detector.settings import Settings
from solicitation_detector.terminal import describe_verdict, marked_lines


@pytest.fixture(autouse=True)
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path | None, Path | None]]:
    """Commands get a FakeDetector; the list holds what was asked for."""
    asked = []

    def load(model: Path | None, policy: Path | None) -> FakeDetector:
        asked.append((model, policy))
        return FakeDetector(model_version="fake-1" if model is None else model.name)

    monkeypatch.setattr(cli, "load_detector", load)
    return asked


def status_of_exit(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_detect_gives_the_verdicts_of_python_as_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["detect", "--json", "--sender-role", "client", "--payment-status", "unpaid", "Telegram", "héllo"]
    assert main(arguments) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    known = {"sender_role": SenderRole.CLIENT, "payment_status": PaymentStatus.UNPAID}
    messages = [Message(text=text, **known) for text in ("Telegram", "héllo")]  # type: ignore[arg-type]
    assert found == [verdict.to_dict() for verdict in FakeDetector().detect(messages)]


def test_detect_reads_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["hello", "", "on Telegram", *["bye"] * 300]
    source = io.TextIOWrapper(io.BytesIO("\r\n".join(lines).encode()))
    monkeypatch.setattr(sys, "stdin", source)
    assert main(["detect", "--json"]) == 0
    found = [json.loads(line)["flagged"] for line in capsys.readouterr().out.splitlines()]
    assert found == [False, True, *[False] * 300]


def test_detect_names_the_line_that_is_no_message_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = io.TextIOWrapper(io.BytesIO(b"hello\ncaf\xe9\n" + b"secret" * 4000 + b"\nTelegram\n"))
    monkeypatch.setattr(sys, "stdin", source)
    assert main(["detect", "--json"]) == cli.NOT_ALL_JUDGED
    printed = capsys.readouterr()
    assert len(printed.out.splitlines()) == 2
    assert "line 2: text: " in printed.err
    assert "line 3: text: has 24000 characters" in printed.err
    assert "secret" not in printed.err


def test_detect_marks_the_evidence_below_where_there_is_no_colour(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "find me on Telegram\nok?"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("remind: going_direct (going_direct 0.90, ")
    assert lines[1:4] == ["    find me on Telegram", "               ^^^^^^^^", "    ok?"]
    assert any("to the sender: A friendly reminder" in line for line in lines)


def test_colour_marks_the_same_words() -> None:
    message = Message(text="find me on Telegram now")
    verdict = FakeDetector().detect([message])[0]
    text = describe_verdict(message, verdict, colour=True)
    assert "on \x1b[1;33mTelegram\x1b[0m now" in text
    assert "^" not in text


def test_underlining_keeps_to_wide_and_joined_characters() -> None:
    text = "我们 e\u0301 telegram"
    start = text.index("telegram")
    found = Evidence(Label.GOING_DIRECT, "messenger", start, start + 8, "telegram")
    shown, underline = marked_lines(text, [found], colour=False)
    assert shown == text
    assert underline == " " * 7 + "^" * 8


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1), data=st.data())
def test_no_text_can_steer_the_terminal(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    found = Evidence(LABELS[0], "messenger", start, end, text[start:end])
    for line in marked_lines(text, [found], colour=False):
        assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in line)
    coloured = "\n".join(marked_lines(text, [found], colour=True))
    assert coloured.count("\x1b") % 2 == 0


def test_model_and_policy_are_passed_on(loaded: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detect", "--model", "models/x", "--policy", "p.toml", "hello"]) == 0
    assert loaded == [(Path("models/x"), Path("p.toml"))]


def test_rescore_says_how_many_rows_were_not_judged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"body": "Telegram", "labels": 1}\n{"body": ""}\n', encoding="utf-8")
    arguments = ["rescore", str(source), "--output", str(output), "--column", "text=body"]
    assert main(arguments) == cli.NOT_ALL_JUDGED
    printed = capsys.readouterr().err
    assert "2 rows, 1 of them not judged" in printed
    assert "column labels is kept as input_labels" in printed
    assert json.loads(output.read_text(encoding="utf-8").splitlines()[0])["action"] == "remind"


def test_rescore_by_spark_does_not_pretend(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.csv").write_text("text\nhello\n", encoding="utf-8")
    arguments = ["rescore", str(tmp_path / "in.csv"), "--output", str(tmp_path / "out.csv"), "--engine", "spark"]
    assert main(arguments) == cli.WRONG_INPUT
    assert "solicitation-detector[spark]" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("arguments", [["--column", "text"], ["--column", "=a"], ["--jobs", "0"], ["--jobs", "two"]])
def test_rescore_refuses_options_that_are_none(arguments: list[str]) -> None:
    assert status_of_exit("rescore", "in.csv", "--output", "out.csv", *arguments) == cli.WRONG_INPUT


def test_compare_fails_on_change_only_if_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "in.csv"
    source.write_text("text\nTelegram\nhello\n", encoding="utf-8")
    old, new = str(tmp_path / "old.csv"), str(tmp_path / "new.csv")
    main(["rescore", str(source), "--output", old])
    Path(new).write_text(Path(old).read_text().replace("going_direct,true,remind", "going_direct,true,review"))
    assert main(["compare", old, new]) == 0
    assert main(["compare", old, new, "--fail-on-change"]) == cli.CHANGED_OR_COMPLAINTS
    assert main(["compare", old, old, "--fail-on-change"]) == 0
    assert "row 1: remind (going_direct) -> review (going_direct)" in capsys.readouterr().out


def test_train_and_evaluate_call_the_function_of_that_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[Any] = []
    monkeypatch.setitem(
        sys.modules, "solicitation_detector.training", SimpleNamespace(train=lambda *given: calls.append(given))
    )
    monkeypatch.setitem(
        sys.modules,
        "solicitation_detector.evaluation",
        SimpleNamespace(evaluate_command=lambda *given: calls.append(given) or "figures"),
    )
    assert main(["train", "--data", "data", "--output", "models/x"]) == 0
    assert main(["evaluate", "--data", "d.jsonl", "--report", "r"]) == 0
    assert calls == [(Path("data"), Path("models/x")), (None, Path("d.jsonl"), Path("r"))]
    assert capsys.readouterr().out == "figures\n"


def test_serve_takes_the_environment_and_its_options_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started: dict[str, Any] = {}
    monkeypatch.setattr("uvicorn.run", lambda app, **options: started.update(options, app=app))
    monkeypatch.setenv("SOLICITATION_DETECTOR_HOST", "0.0.0.0")
    monkeypatch.setenv("SOLICITATION_DETECTOR_PORT", "9000")
    assert main(["serve", "--port", "9001", "--workers", "3"]) == 0
    assert (started["host"], started["port"], started["workers"]) == ("0.0.0.0", 9001, 3)
    assert started["app"] == "solicitation_detector.application:build_app"


def test_serve_py_makes_the_app_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    monkeypatch.setattr(application, "load_detector", lambda *given: made.append(given) or FakeDetector())
    monkeypatch.setenv("SOLICITATION_DETECTOR_MODEL", "models/x")
    module = SimpleNamespace(**runpy.run_path(str(Path(__file__).parents[1] / "serve.py")))
    assert made == []
    app = module.__getattr__("app")
    assert made == [(Path("models/x"), None)]
    assert app.state.detector.model_version == "fake-1"
    with pytest.raises(AttributeError):
        module.__getattr__("api")


def test_settings_come_from_the_environment() -> None:
    names = {"MODEL": "m", "POLICY": "p.toml", "HOST": "::", "PORT": "80", "API_KEYS": "a, b,", "MAX_BODY_BYTES": "9"}
    found = Settings.from_environment({f"SOLICITATION_DETECTOR_{name}": value for name, value in names.items()})
    assert found == Settings(model=Path("m"), policy=Path("p.toml"), host="::", port=80, api_keys=("a", "b"), max_body_bytes=9)
    assert Settings.from_environment({"SOLICITATION_DETECTOR_PORT": ""}) == Settings()
    assert replace(found, api_keys=()) != found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("MAX_BODY_BYTES", "-1"),
        ("API_KEYS", ""),
        ("API_KEYS", " , "),
    ],
)
def test_settings_that_are_none_are_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(InvalidSettings, match=f"SOLICITATION_DETECTOR_{name}: "):
        Settings.from_environment({f"SOLICITATION_DETECTOR_{name}": value})


SHEET = """@ c u D proposes plain p01
honestly we could [[skip all this for round two]], my bank does it in a day

@ f u - refuses twin p01
happy to do round two, but [[it'd have to be ordered here]] again
"""


def test_corpus_check_and_add(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet, data = tmp_path / "sheet.txt", tmp_path / "data"
    sheet.write_text(SHEET, encoding="utf-8")
    data.mkdir()
    assert main(["corpus", "check", str(sheet), "--lang", "en"]) == 0
    assert "no complaints" in capsys.readouterr().out
    add = ["corpus", "add", str(sheet), "--lang", "en", "--author", "e01", "--data", str(data)]
    assert main(add) == 0
    rows = load_corpus(data)
    assert [row.labels for row in rows] == [{Label.GOING_DIRECT}, set()]
    assert {row.pair for row in rows} == {"e01-p01"}
    before = (data / "e01.jsonl").read_bytes()
    assert main(add) == cli.WRONG_INPUT
    assert (data / "e01.jsonl").read_bytes() == before


def test_a_sheet_with_complaints_is_not_added(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = tmp_path / "sheet.txt"
    sheet.write_text(SHEET.replace("@ f u - refuses twin p01", "@ f u - refuses twin p02"), encoding="utf-8")
    assert main(["corpus", "check", str(sheet), "--lang", "en"]) == cli.CHANGED_OR_COMPLAINTS
    assert "only one row" in capsys.readouterr().out
    add = ["corpus", "add", str(sheet), "--lang", "en", "--author", "e01", "--data", str(tmp_path)]
    assert main(add) == cli.WRONG_INPUT
    assert not list(tmp_path.glob("*.jsonl"))
    for option, wrong in (("--author", "../e01"), ("--lang", "english")):
        assert main([*add, option, wrong]) == cli.WRONG_INPUT


def test_errors_are_told_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]) == cli.WRONG_INPUT
    assert main(["corpus", "check", str(tmp_path / "none"), "--lang", "en"]) == cli.WRONG_INPUT

    def refuse(*given: object) -> None:
        raise InvalidPolicy("p.toml: version: missing")

    monkeypatch.setattr(cli, "load_detector", refuse)
    assert main(["detect", "hello"]) == cli.WRONG_INPUT
    lines = capsys.readouterr().err.splitlines()
    assert all(line.startswith("error: ") for line in lines)
    assert lines[2] == "error: p.toml: version: missing"
