"""Manifests: whose rows are worked on, under which names, and what is refused."""

import json

import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.research.metalabel.manifest import read_manifest


def row(symbol="ES", name="RSI2_MeanReversion", number=21, **more):
    return {"symbol": symbol, "strategy_name": name, "strategy_id": number, "params": {}} | more


def written(folder, *rows):
    path = folder / "m.json"
    path.write_text(json.dumps({"winners": rows}))
    return path


ROWS = row(), row("NQ"), row("NQ", "BuyOn5BarLow", 40), row("6A", "MACross", 17)


@pytest.mark.parametrize(
    ("strategies", "symbols", "keys"),
    [
        (
            (),
            (),
            ["ES_RSI2_MeanReversion", "NQ_RSI2_MeanReversion", "NQ_BuyOn5BarLow", "6A_MACross"],
        ),
        (("21", "17"), (), ["ES_RSI2_MeanReversion", "NQ_RSI2_MeanReversion", "6A_MACross"]),
        (("buy_on_5_bar_low",), (), ["NQ_BuyOn5BarLow"]),
        ((), ("nq",), ["NQ_RSI2_MeanReversion", "NQ_BuyOn5BarLow"]),
        (("21",), ("NQ",), ["NQ_RSI2_MeanReversion"]),
    ],
)
def test_flags_choose_among_the_rows_in_their_order(tmp_path, strategies, symbols, keys):
    wanted = read_manifest(written(tmp_path, *ROWS), strategies, symbols)

    assert [one.key for one in wanted] == keys


def test_two_timeframes_of_a_pair_have_folders_of_their_own(tmp_path):
    path = written(tmp_path, row(timeframe="15m"), row(timeframe="1d"))

    assert [one.key for one in read_manifest(path)] == [
        "ES_RSI2_MeanReversion_15m",
        "ES_RSI2_MeanReversion_1d",
    ]


def test_two_winners_that_would_share_a_folder_are_refused(tmp_path):
    path = written(tmp_path, row(timeframe="1d"), row(timeframe="1d"))

    with pytest.raises(SettingsError, match="holds ES_RSI2_MeanReversion_1d twice"):
        read_manifest(path)


@pytest.mark.parametrize(("flags", "named"), [((["99"], []), "99"), (([], ["ZZ"]), "ZZ")])
def test_a_name_that_no_row_bears_is_refused_with_those_there_are(tmp_path, flags, named):
    with pytest.raises(SettingsError, match=f"no winner of '{named}'"):
        read_manifest(written(tmp_path, *ROWS), *flags)


def test_the_seeds_short_form_is_read(tmp_path):
    path = tmp_path / "m.json"
    path.write_text(
        json.dumps(
            {"winners_by_instrument": {"ES": [{"strategy_id": 21, "strategy_name": "RSI2"}]}}
        )
    )

    assert [one.key for one in read_manifest(path)] == ["ES_RSI2"]


@pytest.mark.parametrize("content", ["no json", "[]", '{"winners": []}', '{"winners": [{}]}'])
def test_what_is_no_manifest_is_refused(tmp_path, content):
    path = tmp_path / "m.json"
    path.write_text(content)

    with pytest.raises(DataError, match="winner"):
        read_manifest(path)


def test_a_missing_manifest_says_who_writes_one(tmp_path):
    with pytest.raises(SettingsError, match="alphamill winners"):
        read_manifest(tmp_path / "m.json")
