"""One line of text: what it says, what it refuses, and what it is called."""

import pytest

from alphamill.core.errors import SettingsError
from alphamill.factors.expression import call, field, parse


def test_text_and_python_say_the_same():
    close = field("close")

    assert (
        parse("-1 * rank(delta(close, 5)) / 2 + 1")
        == -1 * call("rank", call("delta", close, 5)) / 2 + 1
    )
    assert parse("close > open") == (close > field("open"))
    assert parse("close > open") == parse("open < close")
    assert hash(parse("ts_mean(close, 5)")) == hash(parse("ts_mean( close , n=5 )"))


def test_memory_adds_up_along_the_deepest_path():
    # 61 = 1 for the lag + 60 - 1 for the window + 2 for the return.
    assert parse("delay(ts_mean(close / delay(close, 2) - 1, 60), 1)").rows_before == 62
    assert parse("rank(close) + delay(open, 3)").rows_before == 3


def test_fields_are_what_it_reads():
    e = parse("correlation(rank(volume), close, 6) * sign(delta(open, 1))")

    assert e.fields == {"volume", "close", "open"}
    assert e.reads_section
    assert not parse("ts_rank(close, 5)").reads_section


def test_names_stand_for_what_they_mean():
    names = {"returns": "close / delay(close, 1) - 1", "spread": "high - low"}

    assert parse("ts_std(returns, 5)", names) == parse("ts_std(close / delay(close, 1) - 1, 5)")
    with pytest.raises(SettingsError, match="'a' stands for itself"):
        parse("a", {"a": "b + 1", "b": "a"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("delay(close, -1)", r"delay\.n must lie in \[0, .*received -1\..*read the future"),
        ("delta(close, -5)", "read the future"),
        ("ts_mean(close, 0)", r"ts_mean\.n must lie in \[1"),
        ("ts_mean(close, 2.5)", r"ts_mean\.n must be a whole number, received 2\.5"),
        ("ts_mean(close)", r"ts_mean\.n must be a whole number, received None"),
        ("ts_mean(close, open)", "'open' at column 16 is not"),
        ("ts_mean(close, 5, min_obs=6)", "min_obs must not lie above n = 5, received 6"),
        ("ts_mean(close, 5, min_ob=3)", r"received \['min_ob'\]; nearest is 'min_obs'"),
        ("ts_men(close, 5)", r"no operator is called 'ts_men'; the nearest are \['ts_mean'"),
        ("rank(5)", "rank must read a series"),
        ("rank()", r"rank takes 1 series, received \[\]"),
        ("close[0]", r"'close\[0\]' at column 1"),
        ("close.shift(-1)", "at column 1"),
        ("close ^ 2", "at column 1"),
        ("'close'", "at column 1"),
        ("a < b < c", "at column 1"),
        ("rank(close", "must be one expression"),
        ("__import__('os')", "no operator is called '__import__'"),
        ("True * close", "'True' at column 1"),
        ("lambda: close", "at column 1"),
    ],
)
def test_what_is_no_formula_is_refused(text, message):
    with pytest.raises(SettingsError, match=message):
        parse(text)
