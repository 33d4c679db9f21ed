"""What this package raises on purpose."""

from __future__ import annotations


class SolicitationDetectorError(Exception):
    """Parent of every error that this package raises."""


class InvalidMessage(SolicitationDetectorError, ValueError):
    """A message that is none: names the field. Never carries the message's text.

    Attributes:
        field: path of the field, for example ``history[2].text``.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem

    def __reduce__(self) -> tuple[type[InvalidMessage], tuple[str, str]]:
        return type(self), (self.field, self.problem)


class InvalidPolicy(SolicitationDetectorError, ValueError):
    """A policy file that cannot be used."""


class InvalidCorpus(SolicitationDetectorError, ValueError):
    """A corpus row that breaks the schema: names file, line and field."""


class InvalidSheet(SolicitationDetectorError, ValueError):
    """A block of an author's sheet that cannot be read."""


class InvalidModel(SolicitationDetectorError):
    """A model folder that was tampered with, is incomplete, or was made by other versions."""


class InvalidInput(SolicitationDetectorError, ValueError):
    """An input file or folder that cannot be read as messages at all."""


class InvalidSettings(SolicitationDetectorError, ValueError):
    """An environment variable that cannot be used: names the variable. Never carries a secret."""
