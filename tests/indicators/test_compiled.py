"""The plain Python of each compiled function is its specification: both must say the same."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from alphamill.indicators.table import INDICATORS

from .markets import MARKETS

ROOT = Path(__file__).resolve().parents[2]
N_BARS = 560


def said() -> dict[str, np.ndarray]:
    """Return what every row says of the first bars of a market, rests and idle bars included."""
    columns = {name: x[:N_BARS] for name, x in MARKETS["idle"].items()}
    return {
        f"{row.name} {place}": values
        for row in INDICATORS
        for place, values in enumerate(row.values(columns))
    }


def test_compiled_and_uncompiled_indicators_say_the_same(tmp_path):
    code = (
        "import sys, numpy as np; from tests.indicators.test_compiled import said; "
        "np.savez(sys.argv[1], **said())"
    )
    plain = tmp_path / "plain.npz"

    subprocess.run(
        [sys.executable, "-c", code, str(plain)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=ROOT,
        check=True,
    )

    with np.load(plain) as theirs:
        ours = said()
        assert set(theirs) == set(ours)
        for name, values in ours.items():
            scale = np.nanmax(np.abs(values), initial=0.0)
            np.testing.assert_allclose(
                values, theirs[name], rtol=0.0, atol=1e-11 * scale, err_msg=name
            )
