"""Finished parts of an unfinished run, in a folder beside the output.

A part is the added columns for one run of rows. A run that is stopped leaves its parts; ``--resume`` takes them
up again if they were made from the same input by the same model and policy.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from solicitation_detector.atomic import written_whole
from solicitation_detector.errors import InvalidInput
from solicitation_detector.rescoring.verdict_columns import VERDICT_SCHEMA

_STATE = "state.json"


@dataclass(frozen=True, slots=True)
class Parts:
    """The folder of parts of one run."""

    folder: Path

    @classmethod
    def open(cls, output: Path, state: Mapping[str, Any], *, resume: bool) -> Parts:
        """Begin a run, or go on with one.

        Args:
            output: what the run will write.
            state: all that the parts depend on, as JSON values.
            resume: whether parts that are there are to be used.

        Raises:
            InvalidInput: parts are there and ``resume`` is not asked for, or they were made from something else.
        """
        parts = cls(output.with_name(f"{output.name}.parts"))
        state_file = parts.folder / _STATE
        if parts.folder.exists():
            if not resume:
                raise InvalidInput(f"{parts.folder}: an unfinished run; go on with --resume, or delete the folder")
            parts._check_state(state_file, state)
            return parts
        parts.folder.mkdir(parents=True)
        with written_whole(state_file) as temporary:
            temporary.write_text(json.dumps(state, indent=1), encoding="utf-8")
        return parts

    def _check_state(self, state_file: Path, state: Mapping[str, Any]) -> None:
        try:
            found = json.loads(state_file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            raise InvalidInput(f"{self.folder}: holds no state of a run; delete the folder") from None
        for name, value in state.items():
            if not isinstance(found, dict) or found.get(name) != value:
                what = name.replace("_", " ")
                raise InvalidInput(f"{self.folder}: was made with another {what}; delete the folder to begin anew")

    @property
    def unfinished_output(self) -> Path:
        """Where the output is written until it is whole."""
        return self.folder / "output"

    def has(self, number: int) -> bool:
        """Whether a part is finished."""
        return self._file(number).exists()

    def write(self, number: int, batch: pa.RecordBatch) -> None:
        """Store a part, whole or not at all."""
        with (
            written_whole(self._file(number)) as temporary,
            pa.OSFile(str(temporary), "wb") as sink,
            pa.ipc.new_file(sink, VERDICT_SCHEMA) as writer,
        ):
            writer.write_batch(batch)

    def read(self, number: int) -> pa.RecordBatch:
        """A finished part."""
        with pa.OSFile(str(self._file(number)), "rb") as source:
            return pa.ipc.open_file(source).get_batch(0)

    def delete(self) -> None:
        """Delete the folder; the run is over."""
        shutil.rmtree(self.folder)

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:08d}.arrow"
