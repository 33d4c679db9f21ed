"""The HTTP service."""

from __future__ import annotations

from solicitation_detector.service.app import ServiceSettings, create_app

__all__ = ["ServiceSettings", "create_app"]
