"""The HTTP service: ``uvicorn serve:app``, or ``python serve.py``. Nothing is loaded before ``app`` is asked for."""

from __future__ import annotations

import sys
from typing import Any


def __getattr__(name: str) -> Any:
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from solicitation_detector.application import build_app

    # Kept, so that whoever asks again gets the same app.
    app = globals()["app"] = build_app()
    return app


if __name__ == "__main__":
    from solicitation_detector.cli import main

    sys.exit(main(["serve", *sys.argv[1:]]))
