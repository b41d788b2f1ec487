"""The identity of a definition: it follows what decides a value, and nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

from alphamill.core.errors import SettingsError
from alphamill.features import identity
from alphamill.features.identity import definition_hash
from alphamill.features.table import BY_NAME, own_names

NAMES = ("rsi_14", "daily_ibs", "ES_hourly_return")


@pytest.fixture
def edited(monkeypatch):
    """Return a function that edits a module's source for the eyes of the identity alone."""
    real = identity._source

    def edit(module: str) -> None:
        monkeypatch.setattr(
            identity, "_source", lambda name: real(name) + (b"#" if name == module else b"")
        )

    return edit


def test_the_same_names_have_the_same_identity():
    assert definition_hash(NAMES) == definition_hash(list(NAMES))
    assert len(definition_hash(NAMES)) == 64


def test_other_names_and_another_order_have_another():
    others = (NAMES[::-1], NAMES[:2], ("rsi_14", "daily_ibs", "NQ_hourly_return"))

    assert len({definition_hash(names) for names in (NAMES, *others)}) == 4


@pytest.mark.parametrize(
    "module",
    [
        "alphamill.features.strength",
        "alphamill.features.returns",
        "alphamill.features.measures",
        "alphamill.features.compute",
        "alphamill.indicators.momentum",
        "alphamill.indicators.trend",
        "alphamill.indicators.higher",
        "alphamill.strategies.units",
    ],
)
def test_an_edit_of_what_decides_a_value_changes_it(module, edited):
    before = definition_hash(NAMES)

    edited(module)

    assert definition_hash(NAMES) != before


@pytest.mark.parametrize(
    "module",
    ["alphamill.features.patterns", "alphamill.indicators.flow", "alphamill.features.table"],
)
def test_an_edit_elsewhere_does_not(module, edited):
    before = definition_hash(("rsi_14", "day_of_week"))

    edited(module)

    assert definition_hash(("rsi_14", "day_of_week")) == before


@pytest.mark.parametrize(
    "other", [{"params": {"n_bars": 15}}, {"n_bars": 478}, {"needs": ("high",)}, {"fades": False}]
)
def test_another_row_has_another(other, monkeypatch):
    before = definition_hash(NAMES)

    monkeypatch.setitem(BY_NAME, "rsi_14", replace(BY_NAME["rsi_14"], **other))

    assert definition_hash(NAMES) != before


def test_another_wording_of_a_row_does_not(monkeypatch):
    before = definition_hash(NAMES)

    monkeypatch.setitem(BY_NAME, "rsi_14", replace(BY_NAME["rsi_14"], meaning="index", source="W"))

    assert definition_hash(NAMES) == before


def test_every_module_of_the_features_families_is_reached():
    reached = {m for name in own_names(on_request=True) for m in identity._reached(_home(name))}
    folder = Path(identity.__file__).parent
    files = {f"alphamill.features.{path.stem}" for path in folder.glob("*.py")}

    apart = {f"alphamill.features.{n}" for n in ("__init__", "table", "feature", "identity")}
    assert files - reached == apart | {"alphamill.features.compute"}


def _home(name: str) -> str:
    return BY_NAME[name].function.__module__


def test_unknown_names_have_no_identity():
    with pytest.raises(SettingsError, match="no feature is called 'rsi_3'"):
        definition_hash(("rsi_3",))
