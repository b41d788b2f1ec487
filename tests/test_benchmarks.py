"""The benchmarks measure what they say, on data so small that no time is looked at."""

import json
import math
import time
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import peers
from benchmarks.__main__ import main
from benchmarks.course import Course, fills_of_ours, require_equal, rule_course, stop_course
from benchmarks.measure import Clock, Findings, timed

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

    assert {why.partition(":")[0] for why in findings.skipped} == {"vectorbt", "backtesting"}
    assert "alphamill[peers]" in findings.skipped[0]
    assert all(figure.name.startswith("Alphamill") for figure in findings.figures)


@COURSES
@pytest.mark.filterwarnings("ignore")  # what a peer's own code warns of is not ours to mend
def test_backtesting_trades_as_we_do(course_of):
    pytest.importorskip("backtesting", reason="install alphamill[dev]")
    course = course_of(3_000)
    said = course.signals[0]

    theirs = peers.fills_of_backtesting(course, said)

    assert require_equal("backtesting.py", 0, theirs, course, said) > 50


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


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@COURSES
def test_vectorbt_trades_as_we_do_on_every_cell(course_of):
    pytest.importorskip("vectorbt", reason="install alphamill[peers]")
    findings = Findings()

    peers.compare_with_vectorbt(findings, course_of(20_000), "numba")

    assert "trades of 36 cells equal ours" in findings.checks[0]
