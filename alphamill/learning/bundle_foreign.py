"""The seeds' bundles, whose model is a pickle: taken over on trust, written on request.

Reading a pickle runs whatever its writer put there, so nothing in this package does it. Who trusts
a file says so, pins its hash, and brings the reader: ``pickle.loads``.
"""

import hashlib
import json
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from alphamill.core.errors import DataError, SettingsError
from alphamill.core.market import Floats
from alphamill.learning.bundle import RESULTS, Bundle, Identity, replay_of, require_symbol
from alphamill.learning.bundle_files import BEST, MissingBundleError
from alphamill.learning.bundle_sklearn import from_sklearn
from alphamill.workshop.files import write_atomic

# The keys of the three-way-split generation (specs/factory.md 4.5) and what they became.
LOWER_CASE: Final[Mapping[str, str]] = {
    "symbol": "Symbol",
    "threshold": "Prod_Threshold",
    "params": "Params",
    "features": "Features",
}


class Trust(NamedTuple):
    """That a pickle may run its code: the pinned SHA-256 of the file, and who reads it."""

    sha256: str
    loads: Callable[[bytes], Any]


def adopt(
    symbol: str, base_dir: Path, identity: Identity, x: Floats, trust: Trust | None = None
) -> Bundle:
    """Return a bundle made of the seeds' ``{symbol}_best.json`` and ``{symbol}_rf_model.pkl``.

    Parameters
    ----------
    identity : Identity
        From what it was made; the seeds' files do not say, and live refuses other features.
    x : ndarray of shape (n_rows, n_features)
        Rows of its dataset, for replay.
    trust : Trust, optional
        Without it nothing is read.

    Raises
    ------
    MissingBundleError
        (a FileNotFoundError) when one of the two files is not there.
    SettingsError
        Without trust.
    DataError
        When the pickle is another than the pinned one, which is not read then, or holds no model
        that can be taken over.
    """
    require_symbol(symbol)
    best, pickled = Path(base_dir) / f"{symbol}{BEST}", Path(base_dir) / f"{symbol}_rf_model.pkl"
    for path in (best, pickled):
        if not path.is_file():
            raise MissingBundleError(
                f"{path}: must be there, for the seeds' bundle is two files. Name another base_dir."
            )
    data = pickled.read_bytes()
    payload = _trusted(pickled, data, trust)
    content = migrated(_json_of(best))
    estimator = payload.get("model")
    names = getattr(estimator, "feature_names_in_", ())
    features = content.get("Features") or payload.get("features") or [str(n) for n in names]
    if content.get("Symbol") != symbol or not features or estimator is None:
        raise DataError(
            f"{best}: must name {symbol} and its features, with a model in {pickled.name}, "
            f"received {sorted(content)} for {content.get('Symbol')!r} and {sorted(payload)}. "
            "Train the winner again."
        )
    model = from_sklearn(estimator)
    with warnings.catch_warnings():
        # Fitted on a frame, it would like a frame; the columns are the bundle's, in order.
        warnings.simplefilter("ignore", UserWarning)
        scores = estimator.predict_proba(x)[:, 1]
    return Bundle(
        symbol=symbol,
        strategy=str(content.get("Strategy", "")),
        model=model,
        features=tuple(features),
        threshold=content.get("Prod_Threshold", 0.0),
        identity=identity,
        replay=replay_of(x, scores),
        metadata={**dict.fromkeys(RESULTS), **content},
    )


def migrated(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of a seeds' JSON with the keys of today.

    Examples
    --------
    >>> migrated({"symbol": "ES", "threshold": 0.5})
    {'Symbol': 'ES', 'Prod_Threshold': 0.5}
    """
    return {LOWER_CASE.get(name, name): value for name, value in content.items()}


def export_pickle(bundle: Bundle, folder: Path, dumps: Callable[[Any], bytes]) -> str:
    """Write ``{SYMBOL}_rf_model.pkl`` as the seeds read it, and return its SHA-256 to be pinned.

    The payload is ``{"model": ..., "features": [...]}``; the model needs alphamill where it is
    read, and its hash must be kept elsewhere than beside it.
    """
    data = dumps({"model": bundle.model, "features": list(bundle.features)})
    write_atomic(folder / f"{bundle.symbol}_rf_model.pkl", data)
    return hashlib.sha256(data).hexdigest()


def _trusted(path: Path, data: bytes, trust: Trust | None) -> dict[str, Any]:
    sha256 = hashlib.sha256(data).hexdigest()
    if trust is None:
        raise SettingsError(
            f"{path}: a pickle runs code when read, so it is read only with trust=Trust(sha256, "
            f"loads). The file's hash is {sha256}; compare it with its writer's."
        )
    if sha256 != trust.sha256:
        raise DataError(
            f"{path}: must have the pinned hash {trust.sha256}, received {sha256}. It was not "
            "read; fetch the file again from whom you trust."
        )
    payload = trust.loads(data)
    if not isinstance(payload, dict):
        raise DataError(
            f"{path}: must hold a model and its features, received a {type(payload).__name__}. "
            "Train the winner again."
        )
    return payload


def _json_of(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes().decode())
    except ValueError as e:
        raise DataError(f"{path}: must be JSON, received {e}. Fetch it again.") from e
    if not isinstance(content, dict):
        raise DataError(f"{path}: must be a JSON object, received {content!r}. Fetch it again.")
    return content
