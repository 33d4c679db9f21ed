"""Puts things together for who starts a process: serve.py and the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from solicitation_detector.policy import Policy
from solicitation_detector.settings import Settings

if TYPE_CHECKING:
    from fastapi import FastAPI

    from solicitation_detector.detector import Detector


def load_detector(model: Path | None, policy: Path | None) -> Detector:
    """The detector of a model folder, by default that of the package, with a policy file, by default the model's.

    Raises:
        SolicitationDetectorError: a policy or model that cannot be used. There is no fallback.
    """
    from solicitation_detector.detector import Detector

    return Detector.load(model, policy=None if policy is None else Policy.from_toml(policy))


def build_app() -> FastAPI:
    """The HTTP service as the environment asks for it.

    Raises:
        SolicitationDetectorError: a setting, policy or model that cannot be used.
    """
    from solicitation_detector.service import create_app

    settings = Settings.from_environment()
    return create_app(load_detector(settings.model, settings.policy), settings)
