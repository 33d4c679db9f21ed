"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary file beside ``path`` to write; it takes the name only if the block ends without an error.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "figures.txt"
    >>> with written_whole(target) as temporary:
    ...     _ = temporary.write_text("42")
    >>> target.read_text()
    '42'
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
