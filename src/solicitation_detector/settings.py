"""Settings of the service, from the environment. Read by serve.py and the command line only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from solicitation_detector.errors import InvalidSettings

PREFIX = "SOLICITATION_DETECTOR_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator can set.

    Attributes:
        model: folder of the model; None for the one that is shipped with the package.
        policy: policy file; None for the policy that the model folder or the package brings.
        host, port: where to listen.
        api_keys: keys that callers must show one of; with none, every caller is let in.
        max_body_bytes: size of the largest request body that is read.
    """

    model: Path | None = None
    policy: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    api_keys: tuple[str, ...] = field(default=(), repr=False)
    max_body_bytes: int = 32 * 1024 * 1024

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the variables ``SOLICITATION_DETECTOR_MODEL``, ``_POLICY`` and so on, one for every attribute.

        Keys are parted by commas. A variable that is empty counts as not set, but for the keys, where it is an error.

        Raises:
            InvalidSettings: naming the variable.

        >>> Settings.from_environment({"SOLICITATION_DETECTOR_PORT": "9000"}).port
        9000
        """
        environment = os.environ if environment is None else environment
        given = {name: value for name in _VARIABLES if (value := environment.get(PREFIX + name.upper(), "").strip())}
        default = cls()
        return cls(
            model=Path(given["model"]) if "model" in given else None,
            policy=Path(given["policy"]) if "policy" in given else None,
            host=given.get("host", default.host),
            port=_integer(given, "port", default.port, at_most=65_535),
            api_keys=_keys(environment.get(f"{PREFIX}API_KEYS")),
            max_body_bytes=_integer(given, "max_body_bytes", default.max_body_bytes, at_most=2**40),
        )


_VARIABLES = ("model", "policy", "host", "port", "max_body_bytes")


def _integer(given: Mapping[str, str], name: str, default: int, *, at_most: int) -> int:
    value = given.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and len(value) <= 15 and 1 <= int(value) <= at_most):
        raise InvalidSettings(f"{PREFIX}{name.upper()}: wanted an integer from 1 to {at_most}, found {value!r}")
    return int(value)


def _keys(value: str | None) -> tuple[str, ...]:
    """A variable that is set but names no key is a mistake: it would leave the service open."""
    if value is None:
        return ()
    keys = tuple(key for part in value.split(",") if (key := part.strip()))
    if not keys:
        raise InvalidSettings(f"{PREFIX}API_KEYS: names no key; unset it to let every caller in")
    return keys
