"""The benchmarks measure what they say, on data so small that no time is looked at."""

import gc
import json
import math
import re
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from alphamill.data.sources.synthetic import bars
from benchmarks import peers, roofline, showcase, single, whole
from benchmarks.__main__ import main
from benchmarks.course import Course, fills_of_ours, require_equal, rule_course, stop_course
from benchmarks.measure import CLOCK, Clock, Findings, timed
from benchmarks.memory import can_look, watched
from benchmarks.script import Done

COURSES = pytest.mark.parametrize("course_of", [rule_course, stop_course])


def test_a_figure_is_the_median_with_its_extremes():
    findings = Findings()

    findings.add("group", "name", [3.0, 1.0, 9.0], "s")

    figure = findings.figures[0]
    assert (figure.median, figure.low, figure.high, figure.n_repeats) == (3.0, 1.0, 9.0, 3)


def test_work_is_done_once_a_repeat():
    done = []

    assert len(timed(lambda: done.append(1), 4)) == len(done) == 4


def test_the_cpu_clock_does_not_count_waiting_and_the_wall_clock_does():
    waited = {}
    for name in ("wall", "cpu"):
        clock = Clock()
        clock.use(name)
        began = clock.read()
        time.sleep(0.05)
        waited[name] = clock.read() - began

    assert waited["cpu"] < 0.05 <= waited["wall"]


def told_by(capsys, *options: str) -> dict:
    assert main(["--json", "--repeats", "1", "--bars", "2000", "--workers", "1", *options]) == 0
    return json.loads(capsys.readouterr().out)


def test_one_command_measures_the_sweep_and_says_on_what(capsys):
    told = told_by(capsys, "--only", "parts", "sweep")

    figures = {figure["name"]: figure for figure in told["figures"]}
    assert {"RSI: exit table", "RSI: signals", "RSI: lanes", "RSI, long, 1 core"} <= set(figures)
    assert all(math.isfinite(f["median"]) and f["median"] > 0 for f in told["figures"])
    notes = [figure["note"] for figure in told["figures"]]
    assert any(note.startswith("720 cells x 2,000 bars") for note in notes)
    assert {"processor", "cores", "load", "python", "numba"} <= set(told["machine"])


def test_without_json_a_table_with_machine_and_versions_is_printed(capsys):
    assert main(["--only", "parts", "--bars", "2000", "--repeats", "1"]) == 0

    printed = capsys.readouterr().out
    assert "RSI: lanes" in printed
    assert "numba " in printed


def test_a_peer_that_is_not_installed_is_skipped_with_a_reason(monkeypatch):
    monkeypatch.setattr(peers.importlib.util, "find_spec", lambda name: None)
    findings = Findings()

    peers.measure_peers(findings, 1_000, 1)

    skipped = {why.partition(":")[0] for why in findings.skipped}
    assert skipped == {"vectorbt", *(engine.package for engine in peers.ENGINES)}
    assert "alphamill[peers]" in findings.skipped[0]
    assert all(figure.name.startswith("Alphamill") for figure in findings.figures)


TOGETHER = [
    pytest.param(engine, course_of, id=f"{engine.package}-{course_of.__name__}")
    for engine in peers.ENGINES
    for course_of in (rule_course, stop_course)
    if course_of is rule_course or not engine.blind_to
]


@pytest.mark.parametrize(("engine", "course_of"), TOGETHER)
@pytest.mark.filterwarnings("ignore")  # what a peer's own code warns of is not ours to mend
def test_an_engine_trades_as_we_do(engine, course_of):
    pytest.importorskip(engine.package, reason="install alphamill[dev,peers]")
    course, findings = course_of(3_000), Findings()

    seconds = peers.compare_with_engine(findings, course, engine, [0])

    assert len(seconds) == 1
    n_trades = int(re.search(r"([\d,]+) trades of 1 cells equal ours", findings.checks[0])[1])
    assert n_trades > 50


def test_an_engine_blind_to_stops_gets_no_time_where_there_are_stops(monkeypatch):
    monkeypatch.setattr(peers, "ENGINES", [peers.ENGINES[0]._replace(blind_to="it sees no stop")])
    findings = Findings()

    peers.measure_peers(findings, 1_000, 1)

    timed_on = {figure.group for figure in findings.figures if "backtesting" in figure.name}
    assert timed_on <= {"rule exits"}
    assert "backtesting.py, stop and target: it sees no stop" in findings.skipped


@COURSES
@pytest.mark.parametrize("column", ["enter", "leave_long"])
def test_engines_that_trade_one_bar_apart_are_not_timed(course_of, column):
    course: Course = course_of(3_000)
    said = course.signals[0]
    late = said._replace(**{column: np.roll(getattr(said, column), 1)})

    with pytest.raises(AssertionError, match="no time is reported"):
        require_equal("peer", 0, fills_of_ours(course, late), course, said)


@pytest.mark.parametrize("column", ["decided", "ended", "entry", "exit"])
def test_an_engine_that_differs_in_one_trade_is_not_timed(column):
    course = rule_course(3_000)
    ours = fills_of_ours(course, course.signals[0])
    other = getattr(ours, column).copy()
    other[3] += 1

    assert require_equal("peer", 0, ours, course, course.signals[0]) == ours.ended.size
    with pytest.raises(AssertionError, match="peer, rule exits, cell 0"):
        require_equal("peer", 0, replace(ours, **{column: other}), course, course.signals[0])


# --- the whole sweep ---------------------------------------------------------------------------


def figures_of(findings: Findings) -> dict[str, float]:
    return {figure.name: figure.median for figure in findings.figures}


def test_the_whole_sweep_counts_its_cells_and_its_stages_add_up(monkeypatch):
    monkeypatch.setattr(whole, "REGISTRY", (21, 41))
    findings = Findings()

    whole.measure_whole(findings, 1_500, 1, n_workers=1, n_symbols=2)

    figure = figures_of(findings)
    # 36 and 72 points declared; without its filter rule 41 repeats 24 of them: 48.
    assert figure["declared points"] == (36 + 72) * 20 * 2
    assert figure["cells run, stored and counted"] == (36 + 48) * 20 * 2
    parent = [seconds for name, seconds in figure.items() if name.startswith("parent: ")]
    assert all(seconds > 0 for seconds in parent)
    assert sum(parent) == pytest.approx(figure["the whole sweep"])
    assert figure["speed"] == pytest.approx(84 * 20 * 2 / figure["the whole sweep"])
    rules = figure["workers: RSI2_MeanReversion"] + figure["workers: ThreeBarLow"]
    assert figure["workers: cells, processor seconds together"] == pytest.approx(rules)
    assert rules > 0


def test_a_sweep_that_counts_too_few_trials_gets_no_time(monkeypatch):
    monkeypatch.setattr(whole, "REGISTRY", (21,))
    monkeypatch.setattr(whole.Ledger, "count", lambda self: 719)

    with pytest.raises(AssertionError, match="no time is reported"):
        whole.measure_whole(Findings(), 1_500, 1, n_workers=1, n_symbols=1)


HELD = 200_000_000
HOLD = """
import sys, numpy as np
kept = np.ones(int(sys.argv[2]), dtype=np.int8) if sys.argv[1] == "own" else None
seen = 0 if kept is not None else np.memmap(sys.argv[1], dtype=np.int8, mode="r").sum()
print("ready", flush=True)
sys.stdin.readline()
"""


def held_with_children(what: str, n_children: int):
    with watched() as peak:
        children = [
            subprocess.Popen(
                [sys.executable, "-c", HOLD, what, str(HELD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            for _ in range(n_children)
        ]
        for child in children:
            child.stdout.readline()
        peak.look()
        for child in children:
            child.communicate(b"\n")
    return peak


needs_proc = pytest.mark.skipif(not can_look(), reason="no /proc/PID/smaps_rollup here")


@needs_proc
def test_what_children_hold_is_counted_and_what_they_share_only_once(tmp_path):
    file = tmp_path / "mapped"
    file.write_bytes(bytes(HELD))

    gc.collect()
    alone = held_with_children("own", 0)
    own = held_with_children("own", 2)
    mapped = held_with_children(str(file), 2)

    assert own.n_processes == mapped.n_processes == alone.n_processes + 2
    assert own.own_share - alone.own_share > 1.5 * HELD / 1e6
    assert mapped.own_share < own.own_share - 0.75 * HELD / 1e6
    # A part only: a busy system takes pages of files back at any moment.
    assert mapped.resident - mapped.own_share > 0.25 * HELD / 1e6


# --- one backtest, all pairs, and the machine --------------------------------------------------


def test_matrices_of_crossings_say_what_the_strategy_says():
    market = bars("ES", "1d", n_bars=400)
    pairs = [(fast, slow) for slow in range(3, 13) for fast in range(2, slow)]
    pairs.sort()

    by_strategy, by_matrices = (
        list(said(market, pairs)) for said in (showcase.said_by_strategy, showcase.said_by_matrices)
    )

    assert len(by_strategy) == len(by_matrices) == len(pairs)
    for a, b in zip(by_strategy, by_matrices, strict=True):
        np.testing.assert_array_equal(a.enter, b.enter)
        np.testing.assert_array_equal(a.leave_long, b.leave_long)
    assert sum(int(said.enter.sum()) for said in by_matrices) > 1_000


def test_one_process_tells_its_trades_and_the_seconds_of_its_second_run(tmp_path, capsys):
    course = rule_course(2_000)
    script = course.script(course.signals[0])
    file = tmp_path / "script.npz"
    np.savez(file, **{name: c for name, c in script._asdict().items() if c is not None})

    try:
        single.main("benchmarks.by_alphamill", str(file), "cpu")
    finally:
        CLOCK.use("wall")

    *sums, again_s = json.loads(capsys.readouterr().out)
    mine = fills_of_ours(course, course.signals[0])
    pnl = (mine.exit - mine.entry).sum()
    # A trade fills one bar after the close that decided it.
    expected = [mine.ended.size, (mine.decided + 1).sum(), (mine.ended + 1).sum(), pnl]
    assert sums == pytest.approx(expected)
    assert again_s > 0


def test_trades_of_the_last_two_bars_are_left_out_of_the_sums():
    done = Done(np.array([1, 5]), np.array([4, 8]), np.array([10.0, 9.0]), np.array([12.0, 1.0]), 0)

    assert single.sums_of(done, 11) == [2, 6, 12, -6.0]
    assert single.sums_of(done, 10) == [1, 1, 4, 2.0]


def test_one_backtest_of_other_trades_gets_no_time(monkeypatch):
    answers = iter([[3.0, 1.0, 2.0, 0.5, 0.1]] * 4 + [[3.0, 1.0, 2.0, 0.6, 0.1]] * 3)
    monkeypatch.setattr(single, "_run", lambda *asked: list(next(answers)))
    monkeypatch.setattr(single, "ENGINES", (("A", "numpy", ""), ("B", "numpy", "")))

    with pytest.raises(AssertionError, match="B trades"):
        single.measure_single(Findings(), 500, 1)


def test_a_row_of_the_tables_is_what_has_a_number_a_bar_and_stack():
    market = ((np.zeros(50), np.zeros((50, 3))), np.zeros((50, 3), dtype=np.int32), 7)

    assert [a.nbytes for a in roofline.arrays_of(market)] == [400, 1_200, 600]
    assert roofline.row_bytes(market, 50, 3) == 3 * (8 + 4)


def test_the_roofline_sets_table_and_lanes_against_the_machine():
    findings = Findings()

    roofline.measure_roofline(findings, 2_000, 1, n_numbers=1 << 14)

    figure = figures_of(findings)
    assert all(math.isfinite(value) and value > 0 for value in figure.values())
    assert figure["table: a bar"] == pytest.approx(20 * figure["table: a bar and stack"])
    assert {"copy", "triad", "a scalar step", "MACross: lanes, a candidate"} <= set(figure)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_all_pairs_of_averages_trade_as_in_vectorbt():
    pytest.importorskip("vectorbt", reason="install alphamill[peers]")
    findings = Findings()

    showcase.measure_showcase(findings, 400, 1)

    assert "of 4,851 pairs equal ours" in findings.checks[0]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_one_backtest_trades_alike_in_fresh_processes_of_every_engine():
    findings = Findings()

    single.measure_single(findings, 2_000, 1)

    assert len(findings.checks) + len(findings.skipped) == len(single.ENGINES)
    assert all("equal ours" in check for check in findings.checks)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@COURSES
def test_vectorbt_trades_as_we_do_on_every_cell(course_of):
    pytest.importorskip("vectorbt", reason="install alphamill[peers]")
    findings = Findings()

    peers.compare_with_vectorbt(findings, course_of(20_000), "numba")

    assert "trades of 36 cells equal ours" in findings.checks[0]
