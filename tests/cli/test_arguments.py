from typing import Annotated

import pytest
import typer

from alphamill.cli.arguments import spread

Many = Annotated[list[str], typer.Option()]


def tree():
    app = typer.Typer()
    inner = typer.Typer()

    def sweep(
        strategies: Many,
        symbols: Annotated[list[str], typer.Option("--symbols", "-s")],
        symbol: str = "",
    ) -> None: ...

    def results(runs: Many) -> None: ...

    app.command()(sweep)
    inner.command()(results)
    inner.command("other")(sweep)
    app.add_typer(inner, name="deep")
    return typer.main.get_command(app)


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("sweep --strategies 21 40 17", "sweep --strategies 21 --strategies 40 --strategies 17"),
        ("sweep --strategies 2 4 --symbol ES", "sweep --strategies 2 --strategies 4 --symbol ES"),
        ("sweep --symbol ES --strategies 21", "sweep --symbol ES --strategies 21"),
        ("sweep --strategies 21 --strategies 40", "sweep --strategies 21 --strategies 40"),
        ("sweep --strategies=21 40", "sweep --strategies 21 --strategies 40"),
        ("sweep -s ES NQ --symbol X", "sweep -s ES -s NQ --symbol X"),
        ("sweep --strategies 21 -- 40 17", "sweep --strategies 21 -- 40 17"),
        ("sweep -- --strategies 21 40", "sweep -- --strategies 21 40"),
        ("sweep --strategies", "sweep --strategies"),
        ("sweep --strategies --symbol ES", "sweep --strategies --symbol ES"),
        ("sweep --runs a b", "sweep --runs a b"),
        ("deep results --runs a b", "deep results --runs a --runs b"),
        ("--strategies 1 2", "--strategies 1 2"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_list_option_takes_words_until_the_next_flag(given, read):
    assert spread(given.split(), tree()) == read.split()


def test_the_given_line_is_left_alone():
    argv = ["sweep", "--strategies", "21", "40"]

    spread(argv, tree())

    assert argv == ["sweep", "--strategies", "21", "40"]
