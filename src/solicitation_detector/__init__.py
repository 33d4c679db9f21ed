"""Detects, in freelance-platform chat, proposals to go direct, demands for source before payment, and free test tasks."""

from solicitation_detector.detector import Detector
from solicitation_detector.errors import (
    InvalidCorpus,
    InvalidInput,
    InvalidMessage,
    InvalidModel,
    InvalidPolicy,
    SolicitationDetectorError,
)
from solicitation_detector.messages import Action, Evidence, Label, Message, Turn, Verdict
from solicitation_detector.policy import Policy

__all__ = [
    "Action",
    "Detector",
    "Evidence",
    "InvalidCorpus",
    "InvalidInput",
    "InvalidMessage",
    "InvalidModel",
    "InvalidPolicy",
    "Label",
    "Message",
    "Policy",
    "SolicitationDetectorError",
    "Turn",
    "Verdict",
]
__version__ = "0.1.0"
