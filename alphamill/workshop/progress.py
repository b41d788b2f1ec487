"""How long work tells its reader where it stands."""

import sys
import time
from collections.abc import Callable
from typing import Any, Protocol, TextIO


class Progress(Protocol):
    """Whoever wants to know how far the work is."""

    def start(self, label: str, total: int) -> None:
        """Begin a stretch of work of ``total`` units."""
        ...

    def advance(self, n: int = 1, note: str = "") -> None:
        """Say that ``n`` more units are done; ``note`` is shown beside the count."""
        ...

    def finish(self) -> None:
        """End the stretch; without a start before it, do nothing."""
        ...


class Silent:
    """Tells nobody."""

    def start(self, label: str, total: int) -> None:
        """Say nothing."""

    def advance(self, n: int = 1, note: str = "") -> None:
        """Say nothing."""

    def finish(self) -> None:
        """Say nothing."""


class Console:
    """A bar on a terminal; on anything else one line every ten seconds.

    Parameters
    ----------
    stream : TextIO, optional
        Where to write; standard error by default, so that standard output stays clean.
    seconds : callable
        A rising clock, used for rates only.
    """

    every_s = 10.0

    def __init__(
        self, stream: TextIO | None = None, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._seconds = seconds
        self._display: Any = None
        self._bar: Any = None
        self._label = ""

    def start(self, label: str, total: int) -> None:
        self.finish()
        self._label, self._total, self._done, self._note = label, total, 0, ""
        self._began = self._said = self._seconds()
        if self._stream.isatty():
            self._display = _display(self._stream)
            self._bar = self._display.add_task(label, total=total, note="", rate="")
            self._display.start()

    def advance(self, n: int = 1, note: str = "") -> None:
        self._done += n
        self._note = note or self._note
        if self._display is not None:
            self._display.update(self._bar, advance=n, note=self._note, rate=self._rate())
        elif self._seconds() - self._said >= self.every_s:
            self._said = self._seconds()
            self._write(f"{self._count()}, {self._rate()}, {self._left()}")

    def finish(self) -> None:
        if not self._label:
            return
        if self._display is not None:
            self._display.stop()
            self._display = None
        else:
            self._write(f"{self._count()} in {_span(self._seconds() - self._began)}")
        self._label = ""

    def _count(self) -> str:
        percent = f" ({self._done / self._total:.0%})" if self._total else ""
        return f"{self._label}: {self._done:,} of {self._total:,}{percent}"

    def _rate(self) -> str:
        spent = self._seconds() - self._began
        return f"{self._done / spent:,.3g}/s" if spent > 0.0 else ""

    def _left(self) -> str:
        if not self._done:
            return "time left unknown"
        spent = self._seconds() - self._began
        return f"{_span(spent * (self._total - self._done) / self._done)} left"

    def _write(self, line: str) -> None:
        note = f"  {self._note}" if self._note else ""
        self._stream.write(f"{line}{note}\n")
        self._stream.flush()


def _display(stream: TextIO) -> Any:
    from rich import progress
    from rich.console import Console as RichConsole

    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[rate]}"),
        progress.TimeRemainingColumn(),
        progress.TextColumn("{task.fields[note]}"),
        console=RichConsole(file=stream),
    )


def _span(seconds: float) -> str:
    whole = round(max(seconds, 0.0))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
