"""What every test may ask for."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real data and oracles beside the checkout; skip where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("../shared/data is not beside this checkout (oracles and market data)")
    return folder
