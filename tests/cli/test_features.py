from alphamill.features.table import FEATURES


def test_every_feature_is_listed_with_its_memory(say):
    told = say("features")

    assert told.code == 0
    assert told.out.startswith(f"{len(FEATURES)} features")
    assert "whole history" in told.out
    # The table is too narrow for some names: they fold.
    assert {"rsi_14", "daily_ibs", "gap_filled", "twrc"} <= set(told.out.split())


def test_the_list_is_also_for_machines(say):
    rows = {row["name"]: row for row in say("features", "--json").json}

    assert len(rows) == len(FEATURES)
    assert rows["daily_ibs"] == {
        "name": "daily_ibs",
        "family": "daily",
        "says": "close's place in the session's range",
        "reads": ["high", "low"],
        "params": {},
        "memory_bars": 1,
        "memory_sessions": 2,
        "fades": False,
        "by_default": True,
        "of_others": False,
        "formula": "factory 4.3",
    }
    assert rows["obv"]["memory_bars"] is None
    assert not rows["sma_20"]["by_default"]
    assert rows["hourly_return"]["of_others"]


def test_one_family_can_be_asked_for(say):
    rows = say("features", "--family", "rsi", "--json").json

    assert {row["family"] for row in rows} == {"rsi"}
    assert len(rows) == 6


def test_an_unknown_family_is_answered_with_those_there_are(say):
    told = say("features", "--family", "smell")

    assert told.code == 2
    assert "family must be one of ['calendar', 'ibs'" in told.err
    assert "received 'smell'" in told.err
