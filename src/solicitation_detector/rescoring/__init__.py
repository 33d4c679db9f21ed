"""Rescoring of files of messages, and the comparison of two rescored files."""

from __future__ import annotations

from solicitation_detector.rescoring.comparison import Comparison, compare
from solicitation_detector.rescoring.judging import LoadDetector
from solicitation_detector.rescoring.run import RescoreOptions, RescoreReport, rescore

__all__ = ["Comparison", "LoadDetector", "RescoreOptions", "RescoreReport", "compare", "rescore"]
