"""The hand-worked fixtures, asked of the twin and of the engine; and twins that must fail them."""

from pathlib import Path

import pytest

from alphamill.backtest.exits import EXITS, UNITS
from alphamill.backtest.state import REASONS

from .fixtures import FIXTURES, WORKED
from .sabotage import sabotaged
from .ways import WAYS, Answer, by_engine, by_twin
from .worksheet import Fixture

# One line of the twin each, wrong by one bar, one word or one sign.
SABOTAGE = {
    "entry one bar late": ("if self.waiting:\n", "if self.waiting and self.waiting[1] < j - 1:\n"),
    "entry filled at the close that decided": (
        "price = self.open[j] + side * slip",
        "price = self.close[decided] + side * slip",
    ),
    "exit filled at the close that decided": (
        "self.leave(j, price, held.leaving)",
        "self.leave(j, self.close[j - 1], held.leaving)",
    ),
    "stop and target active one bar late": (
        "if not held:\n            return\n        noise",
        "if not held or j == held.entry_bar:\n            return\n        noise",
    ),
    "leave read one bar early": (
        "self.leaves[held.side][j]",
        "self.leaves[held.side][min(j + 1, self.n_bars - 1)]",
    ),
    "leave read one bar late": ("self.leaves[held.side][j]", "self.leaves[held.side][j - 1]"),
    "enter read one bar late": (
        "self.wanted[j], self.position",
        "self.wanted[j - 1], self.position",
    ),
    "distances of the fill bar": (
        "self.stop_at_entry(j, side, price, decided)",
        "self.stop_at_entry(j, side, price, j)",
    ),
    "atr one bar stale": (
        "return float(ranges * self.atr[decided])",
        "return float(ranges * self.atr[decided - 1])",
    ),
    "atr on simple averages": (
        "out.append(out[-1] + (true_range - out[-1]) / n_bars)",
        "out.append(sum(ranges[-n_bars:]) / n_bars)",
    ),
    "gap filled at the stop": (
        'self.leave(j, price, "stop_gap")',
        'self.leave(j, held.stop, "stop_gap")',
    ),
    "gap filled at the target": (
        'self.leave(j, price, "target_gap")',
        'self.leave(j, held.target, "target_gap")',
    ),
    "open at the level is no gap": (
        "held.side * held.target - noise:\n            self.leave(j, price",
        "held.side * held.target + noise + 1e-3:\n            self.leave(j, price",
    ),
    "gap judged before the pending exit": (
        "if held and held.leaving:\n            self",
        "if held and held.leaving and not self.stack.stop_loss_atr:\n            self",
    ),
    "target before stop": ("if stopped:\n", "if stopped and not reached:\n"),
    "time exit one bar late": ("bars_held >= self.stack", "bars_held > self.stack"),
    "time exit one bar early": ("bars_held >= self.stack", "bars_held + 1 >= self.stack"),
    "floor of the current bar": ("self.floor[held.decided] or", "self.floor[j] or"),
    "ceiling of the current bar": ("self.ceiling[held.decided]\n", "self.ceiling[j]\n"),
    "floor at the level leaves": ("close < self.floor[held", "close <= self.floor[held"),
    "trail at the level leaves": (
        "close < held.side * held.rule",
        "close <= held.side * held.rule",
    ),
    "rule trail loosens": (
        "held.rule_trail = held.better(held.rule_trail, level)",
        "held.rule_trail = level",
    ),
    "best from the deciding bar": (
        "best=never,",
        "best=self.high[decided] if side > 0 else self.low[decided],",
    ),
    "stack trail rests in the bar that made it": (
        "            self.see_the_bar(j)\n",
        "            self.see_the_bar(j)\n            self.tighten(j)\n"
        "            self.meet_the_orders(j)\n",
    ),
    "stack trail loosens": (
        'level)\n        distance = self.distance("break',
        'level) * 0 + level\n        distance = self.distance("break',
    ),
    "quiet bar fills": ("if not self.quiet[j]:\n", "if True:\n"),
    "quiet close is skipped": (
        "            self.see_the_bar(j)\n",
        "            if not self.quiet[j]:\n                self.see_the_bar(j)\n",
    ),
    "session exit one bar late": ('self.leave(j, self.close[j], "session")', "pass"),
    "session exit at the open": (
        'self.leave(j, self.close[j], "session")',
        'self.leave(j, self.open[j], "session")',
    ),
    "decides at the session's last close": (
        "            else:\n                self.ask_to_leave(j)",
        "            if True:\n                self.ask_to_leave(j)",
    ),
    "entry never expires": ("self.waiting = None  # 1", "pass  # 1"),
    "late exit forgotten": ('held.leaving = "late_session_exit"', "pass"),
    "late exit renames a pending one": (
        "held and not held.leaving and self.session",
        "held and self.session",
    ),
    "reentry on the same side as the exit": ("and side == -held.side", "and side != 0"),
    "no reversal": ("if held is None or is_reversal", "if held is None"),
    "undefined distance enters": ("and math.isnan(distance) for", "and distance < 0 for"),
    "percent of the fill": (
        "close, raw = self.close[decided]",
        "close, raw = self.open[min(decided + 1, self.n_bars - 1)]",
    ),
    "percent of the adjusted close": (
        'paid = raw if self.adjusted == "add" else close',
        "paid = close",
    ),
    "percent of the raw close of a ratio": (
        'paid = raw if self.adjusted == "add" else close',
        "paid = raw",
    ),
    "percent of a negative price": ("if paid > 0 else math.nan", "if paid else math.nan"),
    "percent is a part of one": ("percent * paid / 100", "percent * paid"),
    "points of the adjusted price": ("points * close / raw if", "points if"),
    "target slips": ('LIMITS = ("target", "target_gap")', "LIMITS = ()"),
    "stop does not slip": ("LIMITS = (", 'LIMITS = ("stop", '),
    "stop rounds towards the entry": (
        "stop = self.round_down_for(side, j, price",
        "stop = self.round_up_for(side, j, price",
    ),
    "open position is not closed at the end": (
        'self.leave(j, self.close[j], "open_at_end")',
        "pass",
    ),
    "float noise is believed": ("NOISE_TICKS = 1e-6", "NOISE_TICKS = 0.0"),
}

STOPS = ("stop_loss", "trail", "break_even")
# Which exits of the stack a reason speaks of.
OF = {"stop": STOPS, "stop_gap": STOPS, "target": ("take_profit",)}


def differences(case: Fixture, answer: Answer) -> list[str]:
    trades, equity = answer
    found = []
    if len(trades) != len(case.trades):
        found.append(f"{len(trades)} trades, not {len(case.trades)}: {trades}")
    for i, (expected, given) in enumerate(zip(case.trades, trades, strict=False)):
        found += [
            f"trade {i}: {name} is {given[name]!r}, not {value!r}"
            for name, value in expected.items()
            if given[name] != (value if isinstance(value, str) else pytest.approx(value, abs=1e-9))
        ]
    found += [
        f"equity[{j}] is {equity[j]!r}, not {value!r}"
        for j, value in case.equity.items()
        if equity[j] != pytest.approx(value, abs=1e-9)
    ]
    return found


every_fixture = pytest.mark.parametrize("case", FIXTURES, ids=lambda case: case.name)


@every_fixture
@pytest.mark.parametrize("way", ["twin", *WAYS])
def test_fixture_gives_the_hand_worked_trades(case: Fixture, way: str) -> None:
    answer_of = {"twin": by_twin, **WAYS}[way]

    assert differences(case, answer_of(case)) == []


@every_fixture
def test_fixture_is_small_enough_to_work_by_hand(case: Fixture) -> None:
    assert len(case.bars) <= 30


def test_every_line_of_the_timeline_and_every_reason_has_fixtures() -> None:
    assert {case.line for case in WORKED} == set("0123456789")
    reasons = {expected["reason"] for case in WORKED for expected in case.trades}
    assert reasons == set(REASONS) - {"none"}


def test_every_exit_in_every_unit_has_fixtures_of_both_sides() -> None:
    seen = set()
    for case in FIXTURES:
        for side, reason in {(t["side"], t["reason"]) for t in case.trades}:
            seen |= {(side, exit_) for exit_ in ("time", "session") if reason == exit_}
            asked = {
                exit_: case.stack.distance(exit_) for exit_ in EXITS if exit_ in OF.get(reason, ())
            }
            seen |= {(side, exit_, away.unit) for exit_, away in asked.items() if away}

    wanted = {(side, exit_, unit) for side in (1, -1) for exit_ in EXITS for unit in UNITS}
    assert wanted | {(side, exit_) for side in (1, -1) for exit_ in ("time", "session")} == seen


def test_fixture_names_are_unique() -> None:
    names = [case.name for case in FIXTURES]

    assert sorted(set(names)) == sorted(names)


@every_fixture
def test_last_equity_is_the_sum_of_all_pnl(case: Fixture) -> None:
    trades, equity = by_engine(case)

    assert equity[-1] == pytest.approx(sum(t["pnl"] for t in trades), abs=1e-9)


@pytest.mark.parametrize("fault", SABOTAGE, ids=lambda fault: fault.replace(" ", "_"))
def test_kernel_wrong_by_one_bar_fails_a_fixture(fault: str) -> None:
    wrong_twin = sabotaged(*SABOTAGE[fault])

    failed = [case.name for case in FIXTURES if differences(case, by_twin(case, wrong_twin))]

    assert failed, f"no fixture notices: {fault}"


def test_tick_grid_pnl_is_a_whole_number_of_ticks() -> None:
    # 100.4 - 100.1 is 0.30000000000000426 in floats; three ticks of $1 are exact.
    case = next(c for c in FIXTURES if c.name == "three_tenths_are_three_ticks")

    for trades, _ in (by_twin(case), by_engine(case)):
        assert trades[0]["pnl"] == 3.0


def test_page_on_fills_explains_every_reason() -> None:
    page = (Path(__file__).parents[2] / "docs" / "fills.md").read_text(encoding="utf-8")

    assert [reason for reason in REASONS[1:] if f"`{reason}`" not in page] == []
