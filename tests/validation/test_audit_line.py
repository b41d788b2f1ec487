"""The likely line: functions that leak in one known place, found there under another future."""

import sys
from functools import lru_cache, partial, wraps
from inspect import getsource

import numpy as np
import pandas as pd
import pytest
from numba import njit

from alphamill.validation.audit_line import RETURNED, Run, files_of, likely_line

N_ROWS, N_KEPT = 80, 50
RNG = np.random.default_rng(2)
REAL = 100.0 + np.cumsum(RNG.standard_normal(N_ROWS))
OTHER = np.append(REAL[:N_KEPT], 3.0 * REAL[N_KEPT:])
HERE = frozenset({__file__})


def line_of(function, is_missing=False, files=HERE):
    other = REAL[:N_KEPT] if is_missing else OTHER
    runs = [Run(partial(function, x), x.size) for x in (REAL, other)]
    return likely_line(*runs, files, N_KEPT)


def in_one_step(x):
    change = np.diff(x, prepend=x[0])
    ahead = np.roll(change, -1)  # LEAK
    return ahead > 0.0


def in_what_it_returns(x):
    mean = x.cumsum() / np.arange(1, x.size + 1)
    return np.sign(x[::-1] - mean)[::-1] + np.roll(x, -1)  # LEAK


def over_several_lines(x):
    mean = x.cumsum() / np.arange(1, x.size + 1)
    both = np.column_stack(  # LEAK
        [
            mean,
            np.append(x[1:], 0.0),
        ]
    )
    return both[:, 0] - both[:, 1]


def in_a_loop(x):
    out = np.zeros(x.size)
    for t in range(x.size - 1):
        if x[t] > 90.0:
            out[t] = x[t + 1] - x[t]  # LEAK
    return out


def in_a_list(x):
    out = []
    for t in range(x.size):
        out.append(x[min(t + 1, x.size - 1)])  # LEAK
    return np.array(out)


def in_a_table(x):
    frame = pd.DataFrame({"x": x})
    frame["mean"] = frame.x.rolling(5).mean()
    frame["rank"] = frame.x.rank()  # LEAK
    frame["high"] = frame["rank"] > 5
    return frame["high"]


def smooth(x, length):
    return pd.Series(x).rolling(length).mean().shift(-2).to_numpy()  # LEAK


def in_what_it_calls(x):
    change = np.diff(x, prepend=x[0])
    smoothed = smooth(change, 5)
    return smoothed > 0.0


def identity(x):
    return 1.0 * x


def in_what_it_gives(x):
    ahead = identity(np.append(x[1:], 0.0))  # LEAK
    return ahead > x


@njit
def compiled(x):
    out = np.zeros(x.size)
    for t in range(x.size - 1):
        out[t] = x[t + 1]
    return out


def in_what_is_compiled(x):
    change = np.diff(x, prepend=x[0])
    found = compiled(change)  # LEAK
    return found > 0.0


def by_a_number(x):
    top = x.max()
    weeks = x[::5]
    return x / top + weeks.mean()  # LEAK


def after_a_harmless_split(x):
    late = x[x.size // 2 :]
    counted = 0
    for value in x:
        if value > late.mean():
            counted += 1
    return pd.Series(x).where(np.arange(x.size) % 11 == 0).bfill()  # LEAK


LEAKING = (
    in_one_step,
    in_what_it_returns,
    over_several_lines,
    in_a_loop,
    in_a_list,
    in_a_table,
    in_what_it_calls,
    in_what_it_gives,
    in_what_is_compiled,
    by_a_number,
    after_a_harmless_split,
)


def marked(function):
    """Return the line of this file that is marked in a function, or in the one it calls."""
    function = smooth if function is in_what_it_calls else function
    lines = getsource(function).splitlines()
    place = next(i for i, line in enumerate(lines) if line.endswith("# LEAK"))
    return function.__code__.co_firstlineno + place


@pytest.mark.parametrize("is_missing", [False, True], ids=["changed", "missing"])
@pytest.mark.parametrize("function", LEAKING, ids=lambda f: f.__name__)
def test_the_line_that_leaks_is_found(function, is_missing):
    found = line_of(function, is_missing)

    assert found is not None
    assert found.number == marked(function)
    assert found.file == "test_audit_line.py"


def test_a_line_says_what_it_reads_and_where_that_was_made():
    found = line_of(by_a_number)

    first = by_a_number.__code__.co_firstlineno
    assert sorted(found.via) == [f"top, line {first + 1}", f"weeks, line {first + 2}"]
    assert found.text == "return x / top + weeks.mean() # LEAK"
    assert found.variable == RETURNED
    assert str(found).startswith(f"test_audit_line.py:{first + 3} return x / top + weeks.mean()")
    assert "(reads " in str(found)


def test_a_statement_of_several_lines_is_shown_whole():
    found = line_of(over_several_lines)

    assert found.text.startswith("both = np.column_stack( # LEAK [ mean, np.append(x[1:], 0.0), ]")
    assert found.variable == "both[1]"


def test_a_function_that_does_not_leak_has_no_such_line():
    def sound(x):
        top = x.max()
        mean = x.cumsum() / np.arange(1, x.size + 1)
        assert top >= mean.max()
        return mean

    assert line_of(sound) is line_of(sound, is_missing=True) is None


def test_what_lies_in_other_files_is_not_followed():
    assert line_of(in_one_step, files=frozenset({"elsewhere.py"})) is None


def test_the_trace_that_was_there_before_is_there_after():
    def before(frame, event, arg):
        return None

    kept = sys.gettrace()
    sys.settrace(before)
    try:
        line_of(in_one_step)
        found = sys.gettrace()
    finally:
        sys.settrace(kept)

    assert found is before


def test_of_a_very_long_loop_what_it_returns_is_seen(monkeypatch):
    monkeypatch.setattr("alphamill.validation.audit_line.MAX_STEPS", 50)

    assert line_of(in_a_loop).text == "return out"
    assert line_of(after_a_harmless_split).number == marked(after_a_harmless_split)
    assert line_of(in_one_step).number == marked(in_one_step)


def test_the_file_of_a_function_is_that_beneath_its_decorations():
    @wraps(smooth)
    def wrapped(x):
        return smooth(x, 5)

    for function in (smooth, partial(smooth, length=3), wrapped, compiled, lru_cache(smooth)):
        assert files_of(function) == HERE
    assert files_of(np.sin) == frozenset()
    assert len(files_of(smooth, pd.Series.rolling)) == 2
