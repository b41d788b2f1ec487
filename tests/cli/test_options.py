import pytest

from alphamill.cli.options import timeframe_of, workers_of


@pytest.mark.parametrize(
    ("text", "word"),
    [("1min", "1m"), ("15MIN", "15m"), ("15m", "15m"), ("60min", "1h"), ("daily", "1d")],
)
def test_the_seeds_words_for_a_timeframe_are_understood(text, word):
    assert timeframe_of(text) == word


def test_the_flag_goes_before_the_project_file_and_that_before_the_machine():
    assert workers_of(3, 2) == 3
    assert workers_of(None, 2) == 2
    assert workers_of(None, "all") >= 1
