"""A model folder: everything in it is checked before anything in it is used.

``manifest.json`` names every other file with its SHA-256; ``weights.npz`` holds plain arrays (never pickled objects);
``policy.toml`` and the model card ``README.md`` go with them.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from solicitation_detector.errors import InvalidModel
from solicitation_detector.features import fingerprint
from solicitation_detector.messages import LABELS
from solicitation_detector.policy import Policy
from solicitation_detector.scoring import Array, Scorer
from solicitation_detector.text.lexicon import lexicon_sha256

FORMAT = 1
MANIFEST, WEIGHTS, POLICY, CARD = "manifest.json", "weights.npz", "policy.toml", "README.md"
_CONTENTS = (WEIGHTS, POLICY, CARD)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # a fixed time, so that equal weights are equal bytes


@dataclass(frozen=True)
class Model:
    """A loaded model folder.

    Attributes:
        version: the folder's version and eight digits of the hash of its weights.
        thresholds: one a label, in the order of ``LABELS``; a score that reaches it counts.
        manifest: as read.
    """

    version: str
    scorer: Scorer
    thresholds: tuple[float, ...]
    policy: Policy
    manifest: dict[str, Any]


def shipped_model() -> Path:
    """The newest model that came with the package: in an installed wheel inside it, in a checkout in ``models/``.

    Raises:
        InvalidModel: there is none.
    """
    package = Path(str(files("solicitation_detector")))
    for folder in (package / "models", package.parents[1] / "models"):
        if found := sorted(path.parent for path in folder.glob(f"*/{MANIFEST}")):
            return found[-1]
    raise InvalidModel("no model was shipped with this installation; give the path of a model folder")


def save_model(folder: Path, scorer: Scorer, thresholds: dict[str, float], card: str, manifest: dict[str, Any]) -> None:
    """Write a model folder; ``manifest`` is completed with format, thresholds and hashes."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_arrays(folder / WEIGHTS, scorer.to_arrays())
    policy = files("solicitation_detector").joinpath("default_policy.toml").read_bytes()
    (folder / POLICY).write_bytes(policy)
    (folder / CARD).write_text(card, encoding="utf-8")
    hashes = {name: _sha256(folder / name) for name in _CONTENTS}
    complete = {
        "format": FORMAT,
        **manifest,
        "thresholds": thresholds,
        "lexicon_sha256": lexicon_sha256(),
        "features": fingerprint(),
        "files": hashes,
    }
    (folder / MANIFEST).write_text(json.dumps(complete, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def load_model(folder: Path) -> Model:
    """Check a model folder, then read it.

    Raises:
        InvalidModel: what was found, what was wanted, and what to do.
    """
    manifest = _checked_manifest(folder)
    try:
        with np.load(folder / WEIGHTS, allow_pickle=False) as arrays:
            scorer = Scorer.from_arrays(arrays)
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise InvalidModel(f"{folder.name}/{WEIGHTS}: cannot be read ({error}); train the model again") from None
    version = f"{manifest['version']}+{manifest['files'][WEIGHTS][:8]}"
    thresholds = tuple(manifest["thresholds"][label] for label in LABELS)
    return Model(version, scorer, thresholds, Policy.from_toml(folder / POLICY), manifest)


def _checked_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise InvalidModel(f"{folder}: no {MANIFEST} there; give the path of a model folder")
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InvalidModel(f"{folder.name}/{MANIFEST}: is not JSON ({error}); train the model again") from None
    _check_keys(folder, manifest)
    for name in _CONTENTS:
        found = _sha256(folder / name) if (folder / name).is_file() else "no such file"
        if found != manifest["files"].get(name):
            raise InvalidModel(
                f"{folder.name}/{name}: SHA-256 {found}, the manifest says {manifest['files'].get(name)}; "
                "the file was changed after training: restore it or train the model again"
            )
    return manifest


def _check_keys(folder: Path, manifest: object) -> None:
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else type(manifest).__name__
        raise InvalidModel(f"{folder.name}: model format {found}, this package reads {FORMAT}; train the model again")
    thresholds = manifest.get("thresholds")
    if not isinstance(thresholds, dict) or not all(_is_score(thresholds.get(label)) for label in LABELS):
        raise InvalidModel(f"{folder.name}/{MANIFEST}: thresholds: wanted a number in [0, 1] for each of {', '.join(LABELS)}")
    if not isinstance(manifest.get("files"), dict) or not isinstance(manifest.get("version"), str):
        raise InvalidModel(f"{folder.name}/{MANIFEST}: files or version missing; train the model again")
    for key, found in (("lexicon_sha256", lexicon_sha256()), ("features", fingerprint())):
        if manifest.get(key) != found:
            raise InvalidModel(
                f"{folder.name}: made with another text stage than this package has ({key}); install package version "
                f"{manifest.get('package_version')} or train the model again"
            )


def _is_score(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1


def _write_arrays(path: Path, arrays: dict[str, Array]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, array in sorted(arrays.items()):
            with archive.open(zipfile.ZipInfo(f"{name}.npy", _EPOCH), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array, order="C"), allow_pickle=False)


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
