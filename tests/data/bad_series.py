"""Faults that only the series as a whole shows, and those that are mended or only named."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from tests.data.file_cases import (
    INTRADAY,
    BadFile,
    Rows,
    as_text,
    bars,
    commas,
    good_daily,
    good_intraday,
    mended,
    refused,
    written,
)


def unfit_series() -> Iterator[BadFile]:
    """Faults that only the series as a whole shows."""
    daily, intraday = good_daily(), good_intraday()
    head, body = daily[0], daily[1:]
    for at in (20, 45, 88):
        for ratio in (2, 3, 4, 10):
            for factor, kind in ((1 / ratio, f"{ratio}-for-1"), (ratio, f"1-for-{ratio}")):
                rows = [head, *body[:at], *(_times(row, factor, 1 / factor) for row in body[at:])]
                words = (f"row {at + 2}", f"unadjusted {kind}", "volume times", "accept D20")
                yield refused(f"split-{kind}-{at}", "D20", as_text(rows), *words)
    unknown = [
        head,
        *([*row[:5], ""] for row in (*body[:30], *(_times(r, 0.5) for r in body[30:]))),
    ]
    yield refused("split-no-volume", "D20", as_text(unknown), "row 32", "unadjusted 2-for-1")
    for factor in (100.0, 0.01, 10_000.0):
        for at in (10, 70):
            rows = [head, *body[:at], _times(body[at], factor), *body[at + 1 :]]
            words = (f"row {at + 2}", "'close'", f"{factor:g} times")
            yield refused(f"scaled-{factor:g}-{at}", "D22", as_text(rows), *words)
    hundred = as_text([head, *(_times(row, 100.0) for row in body)])
    yield refused("scale", "D22", hundred, "10^2", admit={"reference_median": 99.0})
    yield refused(
        "twin-stamp", "D12", as_text([*daily[:30], _times(daily[29], 1.01), *daily[30:]]),
        "row 31", "one stamp must have one bar", "row 30",
    )  # fmt: skip
    yield refused("minutes-as-15m", "D18", as_text(_stepped(1)), "1 minutes apart", **_quarter())
    yield refused("hours-as-15m", "D18", as_text(_stepped(60)), "60 minutes apart", **_quarter())
    halves = as_text(_stepped(15, 60)) + as_text(_stepped(60, 90, day=20)[1:])
    yield refused("step-changes", "D18", halves, "60 minutes apart", **_quarter())
    yield refused("dates-as-15m", "D18", as_text(daily), "row 2", "time of day", **_quarter())
    weekly = as_text([head, *body[::5]])
    yield refused("weekly-as-daily", "D18", weekly, "7 days apart", "row 2")
    yield refused("timed-as-daily", "D15", as_text(intraday), "row 2", "declared meaning")
    yield refused("one-row", "D24", as_text(daily[:2]), "at least 2 bars")
    known = np.array([int(row[0].replace("-", "")) for row in body])
    holed = as_text([head, *body[:30], *body[45:]])
    yield refused("holes", "D17", holed, "15 of 90", admit={"expected_sessions": known})
    ahead = {"now_ns": np.datetime64("2024-04-01", "ns").astype(np.int64).item()}
    yield refused("future", "D19", as_text(daily), "future", "--timezone", admit=ahead)
    yield from _undeclared(as_text(intraday))


def _undeclared(text: str) -> Iterator[BadFile]:
    for label, rule, options, word in (
        ("no-zone", "D13", {"stamps": "open"}, "--timezone"),
        ("no-stamps", "D15", {"timezone": "UTC"}, "--stamps open"),
        ("neither", "D15", {}, "--stamps open` or `--stamps close` and --timezone"),
        ("as-session", "D15", {**INTRADAY, "stamps": "session"}, "--stamps open"),
    ):
        words = ("row 2", "'Date'", "'2024-01-08 09:30:00'", word)
        yield refused(label, rule, text, *words, timeframe="15m", options=options)
    for fmt, rule in (("{d}/{m}/2024", "D13"), ("{m}.{d}.2024", "D13")):
        rows = [r.copy() for r in good_daily(8)]
        for at, row in enumerate(rows[1:]):
            row[0] = fmt.format(d=at + 1, m=at + 1)
        yield refused(f"open-order-{fmt}", rule, as_text(rows), "row 2", "day from month")
    both = [r.copy() for r in good_daily(30)]
    both[10][0], both[20][0] = "13/01/2024", "01/13/2024"
    for at, row in enumerate(both[1:]):
        row[0] = row[0] if "/" in row[0] else f"0{at % 9 + 1}/02/2024"
    yield refused("both-orders", "D13", as_text(both), "row 21", "'01/13/2024'", "one order")
    units = [r.copy() for r in good_daily(30)]
    for at, row in enumerate(units[1:]):
        row[0] = str((1_704_153_600 + 86_400 * at) * (1000 if at > 14 else 1))
    yield refused("mixed-units", "D14", as_text(units), "row 17", "one unit", "in seconds")


def _times(row: list[str], factor: float, volume: float = 1.0) -> list[str]:
    prices = (f"{float(p) * factor:.6g}" for p in row[1:5])
    return [row[0], *prices, str(round(float(row[5]) * volume))]


def _stepped(minutes: int, n_rows: int = 200, day: int = 8) -> Rows:
    start = np.datetime64(f"2024-01-{day:02d}T00:00")
    return bars([str(start + minutes * i).replace("T", " ") for i in range(n_rows)])


def _quarter() -> dict[str, Any]:
    return {"timeframe": "15m", "options": INTRADAY}


def mendable() -> Iterator[BadFile]:
    """Faults that are mended and counted, or only named."""
    rows = good_daily()
    head, body = rows[0], rows[1:]
    text = as_text(rows)
    yield mended("bom", "D03", 1, "\ufeff" + text)
    yield mended("crlf", "D03", 1, text.replace("\n", "\r\n"))
    yield mended("old-mac", "D03", 1, text.replace("\n", "\r"))
    yield mended("bom-and-crlf", "D03", 2, "\ufeff" + text.replace("\n", "\r\n"), "X.txt")
    yield mended("utf-16", "D03", 1, text.encode("utf-16"))
    yield mended("blank-lines", "D03", 2, as_text(rows[:9]) + "\n\n" + as_text(rows[9:]))
    yield mended("comma-semicolon", "D03", 360, commas(rows, ";"))
    yield mended("comma-tab", "D03", 360, commas(rows, "\t"), "X.txt")
    yield mended("newest-first", "D11", 89, as_text([head, *body[::-1]]))
    yield mended("one-late", "D11", 1, as_text([head, *body[:5], *body[6:9], body[5], *body[9:]]))
    for n, at in ((1, 3), (4, 50)):
        twins = [head, *body[:at], *[body[at]] * n, *body[at:]]
        yield mended(f"twin-{n}", "D12", n, as_text(twins))
    epochs = [
        [str(int(np.datetime64(row[0]).astype("M8[s]").astype(int)) * 1000), *row[1:]]
        for row in body
    ]
    yield mended("epoch", "D14", 90, as_text([head, *epochs]))
    tight = [row.copy() for row in rows]
    for at in (4, 44):
        tight[at][2] = f"{max(float(tight[at][1]), float(tight[at][4])) - 0.01:.2f}"
    yield mended("wick-by-a-tick", "D08", 2, as_text(tight))
    last_day = np.datetime64(body[-1][0]) + np.timedelta64(15, "h")
    now = {"now_ns": last_day.astype("M8[ns]").astype(np.int64).item()}
    yield mended("forming", "D19", 1, text, admit=now)
    copied = [head, body[0].copy()]
    for before, row in zip(body[:-1], body[1:], strict=True):
        prices = [float(before[4]), float(row[4])]
        copied.append([row[0], before[4], str(max(prices)), str(min(prices)), row[4], row[5]])
    yield mended("copied-opens", "open_is_previous_close", 89, as_text(copied))


def doubtful() -> Iterator[BadFile]:
    rows = good_daily()
    head, body = rows[0], rows[1:]

    def named(name: str, rule: str, table: Rows, n: int, **more: Any) -> BadFile:
        return BadFile(name, rule, written("X.csv", as_text(table).encode()), "warn", (), n, **more)

    yield named("volume-holes", "D07", [head, *([*r[:5], ""] for r in body)], 90)
    some = [head, *([*r[:5], "nan" if at < 3 else r[5]] for at, r in enumerate(body))]
    yield named("volume-nan", "D07", some, 3)
    yield named("constant", "D23", [head, *([r[0], *["9.5"] * 4, "7"] for r in body)], 90)
    stale = [*body[:40], *([r[0], *body[39][1:]] for r in body[40:52]), *body[52:]]
    yield named("frozen", "D23", [head, *stale], 1)
    yield named("short", "D24", rows[:31], 30)
    weekend = [*body[:3], *([f"2024-01-0{d}", *body[3][1:]] for d in (6, 7)), *body[4:]]
    yield named("weekend", "D16", [head, *weekend], 2)
    crash = [head, *body[:40], *(_times(row, 0.5, 0.3) for row in body[40:])]
    yield named("fall-on-falling-volume", "D20", crash, 1)
    yield named("gap", "D17", [head, *body[:40], *body[60:]], 1)
