from alphamill.indicators.table import INDICATORS


def test_every_indicator_is_listed_with_its_memory(say):
    told = say("indicators")

    assert told.code == 0
    assert told.out.startswith(f"{len(INDICATORS)} indicators")
    names = {row.name for row in INDICATORS}
    assert names <= set(told.out.split())
    assert "whole history" in told.out


def test_the_list_is_also_for_machines(say):
    rows = {row["name"]: row for row in say("indicators", "--json").json}

    assert len(rows) == len(INDICATORS)
    assert rows["atr"] == {
        "name": "atr",
        "family": "volatility",
        "module": "alphamill.indicators.volatility",
        "reads": ["high", "low", "close"],
        "params": {"n_bars": 14},
        "memory_bars": 393,
        "fades": True,
        "checked_against": "spy_atr_wilder.txt",
        "summary": "Return Wilder's average true range: rma (weight 1 / n_bars) of true_range.",
    }
    assert rows["obv"]["memory_bars"] is None


def test_one_indicator_is_shown_with_its_documentation(say):
    told = say("indicators", "rsi")

    assert told.code == 0
    assert told.out.startswith("alphamill.indicators.momentum.rsi, momentum\n")
    assert "Wilder (1978)" in told.out
    assert "Customary: {'n_bars': 14}; memory: 393 bars, fading\n" in told.out
    assert "Wilder (1978)" in say("indicators", "rsi", "--json").json["documentation"]


def test_a_name_nobody_knows_is_answered_with_the_nearest(say):
    told = say("indicators", "supertrendd")

    assert told.code == 2
    assert "no indicator is called 'supertrendd'" in told.err
    assert "'supertrend'" in told.err
    assert "none has a name like it" in say("indicators", "%%%").err
