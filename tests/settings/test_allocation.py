"""The study file: its template is the seeds' eleven funds, strangers are refused."""

import re

import pytest

from alphamill.core.errors import SettingsError
from alphamill.portfolio.allocate.study import Study
from alphamill.settings.allocation import StudyFile, eleven_assets, load_study, parse_study


def parsed(text: str) -> Study:
    return parse_study(text.encode(), "study.yml", {})


def test_the_template_is_eleven_funds_in_four_classes():
    study = parsed(eleven_assets())

    by_class: dict[str, list[str]] = {}
    for name, of in study.classes.items():
        by_class.setdefault(of, []).append(name)
    assert by_class == {
        "equities": ["SPY", "QQQ", "IWM"],
        "bonds": ["TLT", "IEF", "SHV"],
        "commodities": ["GLD", "DBC"],
        "currencies": ["FXY", "UUP", "FXE"],
    }
    assert study.cash == "SHV"
    assert study.benchmarks == {"SPY": {"SPY": 1.0}, "60/40": {"SPY": 0.6, "IEF": 0.4}}


def test_its_other_values_are_the_defaults_it_names():
    study, empty = parsed(eleven_assets()), parsed("")

    assert (study.plan, study.limits, study.allocators, study.fallbacks) == (
        empty.plan,
        empty.limits,
        empty.allocators,
        empty.fallbacks,
    )
    assert empty == Study()


def test_the_template_shows_every_key():
    shown = set(re.findall(r"^\s*(\w+):", eleven_assets(), re.MULTILINE))
    blocks = [
        StudyFile,
        *(StudyFile.model_fields[b].annotation for b in ("limits", "schedule", "validation")),
    ]

    assert {key for block in blocks for key in block.model_fields} <= shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("limts: {}", r"study.yml line 1: unknown key 'limts'. Did you mean 'limits'"),
        ("study: x\nlimits: {per_name: 2}", "line 2: limits.per_name: must be less than or equal"),
        ("classes: {a: [SPY], b: [SPY]}", "a name must stand in one class"),
        ("allocators: [hrpp]", "Did you mean 'hrp'"),
        ("schedule: {every: yearly}", "every must be one of"),
        ("validation: {groups: 2, test_groups: 2}", "n_test_groups < n_groups"),
    ],
)
def test_faults_are_told_with_their_line(text, words):
    with pytest.raises(SettingsError, match=words):
        parsed(text)


def test_a_missing_file_says_how_to_get_one(tmp_path):
    with pytest.raises(SettingsError, match="--new-study"):
        load_study(tmp_path / "none.yml")
