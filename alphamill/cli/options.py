"""Options that several commands share, and what their texts mean."""

from pathlib import Path
from typing import Annotated, Any

import typer

from alphamill.core.errors import SettingsError

AsJson = Annotated[
    bool, typer.Option("--json", help="Machine-readable answer on standard output, nothing else.")
]
Workspace = Annotated[
    Path, typer.Option(help="Folder of the catalog, the ledger and the results.", file_okay=False)
]
ProjectWorkspace = Annotated[
    Path | None,
    typer.Option("--workspace", help="Folder of the results; the project file's otherwise."),
]
ProjectFile = Annotated[Path | None, typer.Option(help="The project file, such as alphamill.yml.")]
Symbol = Annotated[str, typer.Option(help="One instrument, such as SP500 or ES.")]
Start = Annotated[str | None, typer.Option(help="First day, such as 2010-01-01.")]
End = Annotated[str | None, typer.Option(help="Last day, included.")]
Strategies = Annotated[
    list[str] | None, typer.Option(help="Names or numbers: --strategies 21 40 17; all otherwise.")
]
Instruments = Annotated[
    list[str] | None, typer.Option(help="Only these: --instruments ES NQ; all otherwise.")
]
TopN = Annotated[int, typer.Option(min=1, help="At most so many for each instrument.")]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes; every core otherwise. Results are the same.")
]

WORKSPACE = Path("workspace")


def day(option: str, text: str | None) -> Any:
    """Return the day of ``text``, or None when the option was not given."""
    from datetime import date

    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as e:
        raise SettingsError(
            f"{option} must be a day such as 2010-12-31, received {text!r}. Correct it."
        ) from e


def timeframe_of(text: str) -> str:
    """Return our word for a timeframe; the seeds write 15min, hourly and daily.

    Examples
    --------
    >>> timeframe_of("15min"), timeframe_of("daily"), timeframe_of("1h")
    ('15m', '1d', '1h')
    """
    words = {"hourly": "1h", "60min": "1h", "daily": "1d", "1day": "1d", "minute": "1m"}
    word = words.get(text.lower(), text.lower().replace("min", "m"))
    known = ("1m", "5m", "15m", "1h", "1d")
    if word not in known:
        raise SettingsError(f"--timeframe must be one of {list(known)}, received {text!r}.")
    return word


def workers_of(given: int | None, otherwise: int | str = "all") -> int:
    """Return how many processes to use: the flag's, the project file's, or one a core."""
    import os

    if given is not None:
        return given
    if isinstance(otherwise, int):
        return otherwise
    # A container may be allowed fewer cores than the machine has.
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1
