"""What is audited, and proof: planted leaks are caught with their line, twins and library are not.

K11 and K12 of the calibration experiments.
"""

from dataclasses import replace

import numpy as np
import pytest

from alphamill.core.market import Signals
from alphamill.indicators.table import BY_NAME as INDICATOR
from alphamill.indicators.table import INDICATORS
from alphamill.research import audits
from alphamill.research.audit_files import file_subjects
from alphamill.research.audits import (
    BarsGround,
    audited,
    identity_probe_catches,
    indicator_subject,
    planted_leaks,
    strategy_subjects,
)
from alphamill.research.leaks import PLANTED
from alphamill.strategies import BY_NAME, STRATEGIES
from alphamill.strategies.contract_markets import beside, short_markets
from alphamill.validation.audit import audit
from alphamill.validation.audit_subject import HOWS, QUICK, Subject
from alphamill.workshop.progress import Silent

PAIRS = pytest.mark.parametrize("pair", PLANTED, ids=lambda pair: pair.leaking.name)


def reports(strategy, quick=True):
    return [audit(subject, QUICK) for subject in strategy_subjects(strategy, quick)]


def read_ahead(found):
    return [f for report in found for f in report.findings if f.check in HOWS]


# --- the planted leaks -------------------------------------------------------------------------


def test_twelve_mistakes_are_planted():
    strategies = [s for pair in PLANTED for s in (pair.leaking, pair.clean)]

    assert len(PLANTED) == 12
    assert len({s.name for s in strategies}) == len({s.number for s in strategies}) == 24
    assert not {s.name for s in strategies} & set(BY_NAME)


@PAIRS
def test_a_planted_leak_is_caught_and_its_line_is_shown(pair):
    found = read_ahead(reports(pair.leaking))

    assert found
    # Whatever check finds it, at whatever bar: the same line.
    assert {f.line.text for f in found} == {pair.line}
    file = pair.leaking.rule.__module__.rpartition(".")[2]
    assert {f.line.file for f in found} == {f"{file}.py"}
    assert {f.column for f in found} <= {"enter", "leave_long"}


@PAIRS
def test_the_twin_of_a_leak_says_something_and_so_could_be_accused(pair):
    assert any(pair.clean.signals(bars, {}).enter.any() for bars in short_markets())


def test_the_experiment_counts_twelve_of_twelve_and_nobody_accused():
    assert planted_leaks() == (12, 12, 0)


def test_the_experiment_would_notice_what_is_missed_and_who_is_accused(monkeypatch):
    swapped = replace(PLANTED[0], leaking=PLANTED[0].clean, clean=PLANTED[0].leaking)
    monkeypatch.setattr("alphamill.research.leaks.PLANTED", (swapped, PLANTED[1]))

    assert planted_leaks() == (1, 2, 1)


# --- the library, and the library one bar early ------------------------------------------------


def early(said):
    """Return what is said, each row a bar before it could be."""
    if isinstance(said, dict):
        return {name: np.append(x[1:], x[-1:], axis=0) for name, x in said.items()}
    moved = [None if x is None else np.append(x[1:], x[-1:]) for x in said]
    return Signals(*moved) if isinstance(said, Signals) else tuple(moved)


def one_bar_early(subject: Subject) -> Subject:
    call = subject.call
    return replace(subject, call=lambda data: early(call(data)), memory=None, trades=None)


def accused_and_missed(subjects):
    """Return who is accused as it is, and who is not caught one bar early."""
    accused, missed = [], []
    for subject in subjects:
        accused += [subject.name] if audit(subject, QUICK).findings else []
        missed += [] if audit(one_bar_early(subject), QUICK).findings else [subject.name]
    return accused, missed


# Every strategy in eight, every indicator in ten; all of them where there is time.
SOME = pytest.mark.parametrize(
    ("each_strategy", "each_indicator"), [(8, 10), pytest.param(1, 1, marks=pytest.mark.slow)]
)


@SOME
def test_the_library_is_not_accused_and_is_caught_one_bar_early(each_strategy, each_indicator):
    rules = [next(strategy_subjects(s, quick=True)) for s in STRATEGIES[::each_strategy]]
    rows = [indicator_subject(row) for row in INDICATORS[::each_indicator]]

    assert accused_and_missed([*rules, *rows]) == ([], [])


# --- subjects ----------------------------------------------------------------------------------


def test_a_strategy_is_tried_at_its_defaults_and_at_the_ends_of_its_grid():
    strategy = BY_NAME["RSI2_MeanReversion"]
    cells = list(strategy.cells())

    subjects = list(strategy_subjects(strategy))

    assert len(subjects) == 3
    assert [s.memory for s in subjects] == [
        strategy.warmup(p) for p in (strategy.params(), cells[0], cells[-1])
    ]
    assert len(list(strategy_subjects(strategy, quick=True))) == 1
    assert subjects[0].params.startswith("rsi_length=2, ")
    assert {s.kind for s in subjects} == {"strategy"}


def test_a_pair_is_audited_on_two_series():
    (subject,) = strategy_subjects(BY_NAME["PairsZScore"], quick=True)

    assert [len(ground.series) for ground in subject.grounds] == [2, 2]
    assert audit(subject, QUICK).findings == ()
    assert list(subject.call(subject.grounds[0].rows(0, 50))) == ["targets"]


def test_what_forgets_nothing_has_no_start_up_test():
    assert indicator_subject(INDICATOR["obv"]).memory is None
    assert indicator_subject(INDICATOR["atr"]).memory == 393


@pytest.mark.parametrize("delay", [0, 1])
def test_a_delay_moves_every_order_by_its_bars(delay):
    (subject,) = strategy_subjects(BY_NAME["IBSStrategy"], quick=True)
    data = subject.grounds[0].rows(0, 400)
    signals = subject.call(data)

    traded = subject.trades(data, delay)

    closes = data[0].close_ns
    asked = closes[
        np.flatnonzero(signals.enter)[np.flatnonzero(signals.enter) + delay < 400] + delay
    ]
    assert traded.decided_ns.size > 30
    assert np.isin(traded.decided_ns, asked).all()
    assert (traded.filled_ns > traded.decided_ns).all()
    assert traded.pnl.size == 400


def test_a_fill_at_the_deciding_bar_is_found(monkeypatch):
    (subject,) = strategy_subjects(BY_NAME["IBSStrategy"], quick=True)
    whole = audits._as_traded

    def too_soon(result):
        traded = whole(result)
        return traded._replace(filled_ns=traded.decided_ns)

    monkeypatch.setattr(audits, "_as_traded", too_soon)

    assert {f.check for f in audit(subject, QUICK).findings} == {"fills"}


def test_bars_have_another_future_in_prices_and_volumes_and_keep_their_clock():
    days, _ = short_markets()
    ground = BarsGround((days, beside(days, 0)))

    for how in ("noise", "constant", "nan"):
        own, other = ground.changed(100, how)
        n_known = int((other.close_ns <= own.close_ns[99]).sum())
        assert n_known < 100
        for changed, before, n in ((own, days, 100), (other, ground.series[1], n_known)):
            assert np.array_equal(changed.close_ns, before.close_ns)
            assert np.array_equal(changed.session_end, before.session_end)
            assert np.array_equal(changed.close[:n], before.close[:n])
            assert np.array_equal(changed.volume[:n], before.volume[:n])
            assert not (changed.volume[n:] == before.volume[n:]).any()
            assert (changed.close[n:] == before.close[n:]).all() == (how == "nan")
    flat = ground.changed(100, "constant")[0]
    assert np.unique(flat.high[99:]).tolist() == [days.high[99]]
    assert np.array_equal(flat.raw_close, flat.close)


def test_a_series_beside_that_has_not_begun_keeps_its_future():
    days, _ = short_markets()
    ground = BarsGround((days, days.slice(50, 400)))

    assert np.array_equal(ground.changed(20, "constant")[1].close, days.close[50:])


def test_progress_is_told_and_reports_come_in_order():
    told = []

    class Listener(Silent):
        def advance(self, n=1, note=""):
            told.append(note)

    subjects = [indicator_subject(INDICATOR[name]) for name in ("sma", "rsi")]
    names = [report.subject.name for report in audited(subjects, QUICK, Listener())]

    assert names == told == ["sma", "rsi"]


# --- the identity probe ------------------------------------------------------------------------


def test_the_probe_refuses_every_disguise_and_no_honest_feature():
    assert all(identity_probe_catches(seed) for seed in range(5))


def test_the_experiment_of_the_probe_would_notice_a_probe_that_sleeps(monkeypatch):
    monkeypatch.setattr(audits, "identity_probe", lambda features, label, horizon: ())

    assert not identity_probe_catches()


# --- users' files ------------------------------------------------------------------------------

FILE = """\
import numpy as np
import pandas as pd

MEMORY = {"mean": 9}


def mean(close):
    return pd.Series(close).rolling(10).mean()


def features(df, length=5):
    out = pd.DataFrame(index=df.index)
    out["change"] = df.close.pct_change()
    out["score"] = (df.close - df.close.mean()) / df.close.std()
    return out


def of_bars(bars):
    return bars.close / bars.open


def weekly(frame):
    return frame.close.resample("W").last()


def smooth(x, length):
    return x


def _private(close):
    return close[::-1]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    return path


def test_the_functions_of_bar_columns_in_a_file_are_subjects(file):
    subjects = {s.name: s for s in file_subjects(file)}

    assert list(subjects) == ["mean", "features", "of_bars", "weekly"]
    assert {s.kind for s in subjects.values()} == {"feature"}
    assert subjects["mean"].memory == 9


def test_a_function_of_a_file_is_audited_to_its_line(file):
    mean, features, of_bars, weekly = (audit(s, QUICK) for s in file_subjects(file))

    # Ten bars are needed and nine were declared.
    assert {(f.check, f.column) for f in mean.findings} == {("start-up", "value")}
    assert {f.column for f in features.findings} == {"score"}
    assert {(f.line.file, f.line.number) for f in features.findings} == {("mine.py", 14)}
    assert of_bars.findings == ()
    assert "not tried (nan, DAY 1d, 16 of 16 cuts)" in of_bars.notes[0]
    assert weekly.n_compared == 0
    assert "value must have one row a bar (400), received" in weekly.notes[0]


STRATEGY = """\
from alphamill.core.market import Bars, Signals
from alphamill.core.strategy import Strategy
from alphamill.strategies.says import long_only


def rule(bars: Bars) -> Signals:
    return long_only(bars.close > bars.open, bars.close < bars.open)


MINE = Strategy(1001, "mine", "test", "It pays.", rule, {}, lambda p: 1)
"""


def test_the_rule_of_a_strategy_is_audited_once(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(STRATEGY)

    assert [(s.kind, s.name) for s in file_subjects(path)] == [("strategy", "mine")]
