import io
import subprocess
import sys

from alphamill.workshop.progress import Console, Progress, Silent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Seconds:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def test_without_a_terminal_a_line_comes_every_ten_seconds_and_one_at_the_end():
    out, seconds = io.StringIO(), Seconds()
    progress = Console(out, seconds)

    progress.start("sweep", 2_000)
    for _ in range(10):
        seconds.at += 4.0
        progress.advance(100, note="ES")
    progress.finish()

    assert out.getvalue().splitlines() == [
        "sweep: 300 of 2,000 (15%), 25/s, 1 min 08 s left  ES",
        "sweep: 600 of 2,000 (30%), 25/s, 56 s left  ES",
        "sweep: 900 of 2,000 (45%), 25/s, 44 s left  ES",
        "sweep: 1,000 of 2,000 (50%) in 40 s  ES",
    ]


def test_on_a_terminal_a_bar_with_label_count_and_note_is_drawn():
    out = Terminal()
    progress = Console(out)

    progress.start("sweep", 40)
    progress.advance(40, note="ES")
    progress.finish()

    assert all(word in out.getvalue() for word in ("sweep", "40/40", "ES", "/s"))


def test_an_empty_stretch_and_a_finish_too_many_do_no_harm():
    out = io.StringIO()
    progress = Console(out, Seconds())

    progress.finish()
    progress.start("nothing", 0)
    progress.finish()
    progress.finish()

    assert out.getvalue() == "nothing: 0 of 0 in 0 s\n"


def test_a_new_start_ends_the_stretch_before_it():
    out, seconds = io.StringIO(), Seconds()
    progress = Console(out, seconds)

    progress.start("first", 10)
    progress.advance(10)
    progress.start("second", 5)
    progress.finish()

    assert out.getvalue() == "first: 10 of 10 (100%) in 0 s\nsecond: 0 of 5 (0%) in 0 s\n"


def test_long_times_are_told_in_hours():
    out, seconds = io.StringIO(), Seconds()
    progress = Console(out, seconds)

    progress.start("sweep", 4)
    seconds.at += 3_660.0
    progress.advance(1)

    assert out.getvalue().endswith("3 h 03 min left\n")


def test_silence_is_a_progress_that_writes_nothing(capsys):
    progress: Progress = Silent()

    progress.start("sweep", 3)
    progress.advance()
    progress.finish()

    assert capsys.readouterr() == ("", "")


def test_the_console_writes_to_standard_error(capsys):
    progress: Progress = Console()

    progress.start("sweep", 3)
    progress.finish()

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("sweep")


def test_rich_is_imported_only_when_a_bar_is_drawn():
    code = "import sys, alphamill.workshop.progress; sys.exit('rich' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
