"""The command line: parse, call one function, print."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from solicitation_detector.application import load_detector
from solicitation_detector.errors import InvalidInput, InvalidMessage, SolicitationDetectorError
from solicitation_detector.messages import Message, PaymentStatus, SenderRole
from solicitation_detector.settings import PREFIX, Settings

if TYPE_CHECKING:
    from solicitation_detector.detector import Detector

# Exit statuses; 0 is success.
CHANGED_OR_COMPLAINTS = 1
WRONG_INPUT = 2
NOT_ALL_JUDGED = 3

_LINES_AT_A_TIME = 256


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and give its exit status."""
    parsed = _parser().parse_args(arguments)
    try:
        status: int = parsed.command(parsed)
        sys.stdout.flush()
        return status
    except SolicitationDetectorError as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG_INPUT
    except BrokenPipeError:
        # Whoever read our output has gone; keep Python from complaining of it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"error: {error.filename or ''}: {error.strerror}", file=sys.stderr)
        return WRONG_INPUT


def _detect(parsed: argparse.Namespace) -> int:
    detector = load_detector(parsed.model, parsed.policy)
    not_judged = 0
    for batch in _texts(parsed.text):
        messages: list[Message] = []
        for name, text in batch:
            try:
                messages.append(Message(text=text, sender_role=parsed.sender_role, payment_status=parsed.payment_status))
            except InvalidMessage as error:
                not_judged += 1
                print(f"error: {name}: {error}", file=sys.stderr)
        _print_verdicts(detector, messages, as_json=parsed.json)
    return NOT_ALL_JUDGED if not_judged else 0


def _texts(given: Sequence[str]) -> Iterator[list[tuple[str, str]]]:
    """Batches of (name for errors, text): the arguments, or else the lines of standard input that are not blank."""
    if given:
        yield [(f"text {number}", text) for number, text in enumerate(given, start=1)]
        return
    if isinstance(sys.stdin, io.TextIOWrapper):
        # Bytes that are no UTF-8 reach Message, which refuses them, instead of ending the whole run.
        sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
    lines = ((f"line {n}", line.rstrip("\r\n")) for n, line in enumerate(sys.stdin, start=1) if line.strip())
    size = 1 if sys.stdin.isatty() else _LINES_AT_A_TIME
    while batch := list(islice(lines, size)):
        yield batch


def _print_verdicts(detector: Detector, messages: Sequence[Message], *, as_json: bool) -> None:
    from solicitation_detector.terminal import describe_verdict

    for message, verdict in zip(messages, detector.detect(messages), strict=True):
        if as_json:
            print(json.dumps(verdict.to_dict(), ensure_ascii=False))
        else:
            print(describe_verdict(message, verdict, colour=sys.stdout.isatty()))


def _rescore(parsed: argparse.Namespace) -> int:
    from solicitation_detector.rescoring import RescoreOptions, rescore

    if parsed.engine == "spark":
        raise InvalidInput(
            "--engine spark: is not available yet, it will come with the extra solicitation-detector[spark]; use --engine local"
        )
    options = RescoreOptions(columns=dict(parsed.column), jobs=parsed.jobs, resume=parsed.resume)
    load = partial(load_detector, parsed.model, parsed.policy)
    report = rescore(parsed.input, parsed.output, load, options)
    for old, new in report.renamed.items():
        print(f"note: the input's column {old} is kept as {new}", file=sys.stderr)
    print(f"{report.rows} rows, {report.not_judged} of them not judged: {parsed.output}", file=sys.stderr)
    return NOT_ALL_JUDGED if report.not_judged else 0


def _compare(parsed: argparse.Namespace) -> int:
    from solicitation_detector.rescoring import compare

    comparison = compare(parsed.old, parsed.new)
    print(comparison.to_text())
    return CHANGED_OR_COMPLAINTS if comparison.changes and parsed.fail_on_change else 0


def _train(parsed: argparse.Namespace) -> int:
    from solicitation_detector.training import train

    train(parsed.data, parsed.output)
    return 0


def _evaluate(parsed: argparse.Namespace) -> int:
    from solicitation_detector.evaluation import evaluate_command

    print(evaluate_command(parsed.model, parsed.data, parsed.report))
    return 0


def _serve(parsed: argparse.Namespace) -> int:
    import uvicorn

    settings = Settings.from_environment()
    settings = replace(settings, host=parsed.host or settings.host, port=parsed.port or settings.port)
    if not settings.api_keys:
        print(f"note: {PREFIX}API_KEYS is not set, every caller is let in", file=sys.stderr)
    uvicorn.run(
        "solicitation_detector.application:build_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=parsed.workers,
    )
    return 0


def _corpus_check(parsed: argparse.Namespace) -> int:
    from solicitation_detector.sheet_files import check_sheet

    report = check_sheet(parsed.sheet, lang=parsed.lang, author=parsed.author)
    print(report.to_text())
    return CHANGED_OR_COMPLAINTS if report.complaints else 0


def _corpus_add(parsed: argparse.Namespace) -> int:
    from solicitation_detector.sheet_files import add_sheet

    print(add_sheet(parsed.sheet, parsed.data, lang=parsed.lang, author=parsed.author))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="solicitation-detector",
        description="Tells messages that go direct, ask for the source before payment, or ask for a free test task.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_detect(commands.add_parser("detect", help="judge texts, or the lines of standard input"))
    _add_rescore(commands.add_parser("rescore", help="judge all messages of a file or folder"))
    _add_compare(commands.add_parser("compare", help="what changed between two rescored files"))
    _add_train(commands.add_parser("train", help="train a model"))
    _add_evaluate(commands.add_parser("evaluate", help="measure a model"))
    _add_serve(commands.add_parser("serve", help="run the HTTP service"))
    _add_corpus(commands.add_parser("corpus", help="check authors' sheets and add them to the corpus"))
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, metavar="DIR", help="model folder; default: the one of the package")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="policy file; default: the model's")


def _add_detect(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("text", nargs="*", metavar="TEXT")
    parser.add_argument("--sender-role", choices=[*map(str, SenderRole)], default="unknown")
    parser.add_argument("--payment-status", choices=[*map(str, PaymentStatus)], default="unknown")
    parser.add_argument("--json", action="store_true", help="a verdict a line, as JSON")
    _add_model(parser)
    parser.set_defaults(command=_detect)


def _add_rescore(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("input", type=Path, metavar="INPUT", help=".parquet, .csv[.gz], .jsonl[.gz] or a folder")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--column", type=_field_column, action="append", default=[], metavar="FIELD=COLUMN")
    parser.add_argument("--engine", choices=["local", "spark"], default="local")
    parser.add_argument("--jobs", type=_positive, default=1, metavar="N", help="processes that judge")
    parser.add_argument("--resume", action="store_true", help="go on with a run that was stopped")
    _add_model(parser)
    parser.set_defaults(command=_rescore)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("old", type=Path, metavar="OLD")
    parser.add_argument("new", type=Path, metavar="NEW")
    parser.add_argument("--fail-on-change", action="store_true", help="exit status 1 if any verdict changed")
    parser.set_defaults(command=_compare)


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.set_defaults(command=_train)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, metavar="DIR")
    parser.add_argument("--data", type=Path, required=True, metavar="PATH")
    parser.add_argument("--report", type=Path, metavar="DIR")
    parser.set_defaults(command=_evaluate)


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host")
    parser.add_argument("--port", type=_positive)
    parser.add_argument("--workers", type=_positive, default=1)
    parser.set_defaults(command=_serve)


def _add_corpus(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    check = commands.add_parser("check", help="count a sheet's messages and list what is wrong")
    add = commands.add_parser("add", help="write a sheet's messages to DIR/AUTHOR.jsonl")
    for command, function in ((check, _corpus_check), (add, _corpus_add)):
        command.add_argument("sheet", type=Path, metavar="SHEET")
        command.add_argument("--lang", required=True, help="two-letter code")
        command.add_argument("--author", required=command is add, default="author")
        command.set_defaults(command=function)
    add.add_argument("--data", type=Path, default=Path("data"), metavar="DIR")


def _positive(value: str) -> int:
    if not (value.isascii() and value.isdigit() and 0 < int(value) < 65_536):
        raise argparse.ArgumentTypeError(f"wanted an integer from 1 to 65535, found {value!r}")
    return int(value)


def _field_column(value: str) -> tuple[str, str]:
    field, equals, column = value.partition("=")
    if not (field and equals and column):
        raise argparse.ArgumentTypeError(f"wanted FIELD=COLUMN, found {value!r}")
    return field, column


if __name__ == "__main__":
    sys.exit(main())
