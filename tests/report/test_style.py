"""The style sheet: every text colour is readable on every ground, light and dark."""

import re
from itertools import product
from pathlib import Path

import pytest

import alphamill.report

CSS = (Path(alphamill.report.__file__).parent / "templates" / "style.css").read_text("utf-8")
INKS = ("ink", "soft", "pos", "neg", "accent", "c0", "c1", "c2", "c3", "c4", "c5")


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_inks_reach_aa_on_paper_and_band(theme: int):
    block = re.findall(r":root \{(.*?)\}", CSS, re.S)[theme]
    colours = dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{6});", block))

    faint = [
        (ink, ground)
        for ink, ground in product(INKS, ("paper", "band"))
        if _contrast(colours[ink], colours[ground]) < 4.5
    ]

    assert faint == []
