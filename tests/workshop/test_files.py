"""A file is old or new, never half; equal tables are equal bytes."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from alphamill.core.errors import SettingsError
from alphamill.workshop import files
from alphamill.workshop.files import (
    append_line,
    locked,
    parquet_bytes,
    sweep_parts,
    write_atomic,
    write_parquet_atomic,
)

OLD, NEW = b"old" * 400_000, b"new" * 500_000


def names_in(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def killed_at(path: Path, step: str) -> None:
    """Write NEW over ``path`` in a process that kills itself just before ``step``."""
    code = f"""
        import os, signal
        from pathlib import Path
        from alphamill.workshop import files

        def die(*args, **kwargs):
            os.kill(os.getpid(), signal.SIGKILL)

        {step} = die
        files.write_atomic(Path({str(path)!r}), b"new" * 500_000)
    """
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert ran.returncode == -signal.SIGKILL


def test_text_is_written_as_utf_8_into_a_folder_that_was_absent(tmp_path):
    path = tmp_path / "a" / "b.txt"

    write_atomic(path, "größer")

    assert path.read_bytes() == "größer".encode()
    assert names_in(path.parent) == ["b.txt"]


@pytest.mark.parametrize(
    ("step", "left"),
    [("files.os.fsync", OLD), ("files.Path.replace", OLD), ("files.sync_folder", NEW)],
)
def test_a_kill_leaves_the_old_or_the_new_file(tmp_path, step, left):
    path = tmp_path / "result.bin"
    path.write_bytes(OLD)

    killed_at(path, step)

    assert path.read_bytes() == left


def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path):
    path = tmp_path / "result.bin"
    code = textwrap.dedent(f"""
        from pathlib import Path
        from alphamill.workshop.files import write_atomic
        while True:
            for text in (b"old" * 400_000, b"new" * 500_000):
                write_atomic(Path({str(path)!r}), text)
    """)

    for n in range(6):
        writer = subprocess.Popen([sys.executable, "-c", code])
        while not path.exists():
            time.sleep(0.005)
        time.sleep(0.003 * n)
        writer.kill()
        writer.wait()
        assert path.read_bytes() in (OLD, NEW)
        path.unlink()


def test_a_failed_write_leaves_the_old_file_and_no_part(tmp_path, monkeypatch):
    path = tmp_path / "result.bin"
    path.write_bytes(OLD)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(SettingsError, match=r"result\.bin: must be writable, received 'No space"):
        write_atomic(path, NEW)

    assert path.read_bytes() == OLD
    assert names_in(tmp_path) == ["result.bin"]


def test_parts_of_the_dead_are_swept_and_those_of_the_living_stay(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead, living = f"x.parquet.tmp-{ended.pid}", f"x.parquet.tmp-{os.getpid()}"
    for name in (dead, living, "x.parquet", "notes.tmp-old"):
        (tmp_path / name).touch()

    assert sweep_parts(tmp_path) == 1

    assert names_in(tmp_path) == sorted([living, "notes.tmp-old", "x.parquet"])


def test_an_appended_line_replaces_a_torn_one(tmp_path):
    path = tmp_path / "log.jsonl"
    append_line(path, "first")
    with path.open("a") as out:
        out.write("torn by a ki")

    append_line(path, "second")

    assert path.read_text() == "first\nsecond\n"


def test_a_lock_lets_one_in_at_a_time(tmp_path):
    inside: list[str] = []

    def other() -> None:
        with locked(tmp_path / "lock"):
            inside.append("other")

    with locked(tmp_path / "lock"):
        waiting = threading.Thread(target=other)
        waiting.start()
        time.sleep(0.1)
        inside.append("first")
    waiting.join()

    assert inside == ["first", "other"]


def test_equal_tables_are_equal_bytes_however_they_were_made():
    # So long that pages end elsewhere when the table comes in pieces (50,000 rows show nothing).
    values = {"close": [k / 7 for k in range(300_000)]}
    frame, table = pd.DataFrame(values), pa.table(values)
    in_pieces = pa.concat_tables([table.slice(k, 1000) for k in range(0, 300_000, 1000)])

    assert parquet_bytes(frame) == parquet_bytes(table) == parquet_bytes(in_pieces)
    assert b"pandas" not in parquet_bytes(frame)


def test_a_frame_keeps_its_index_as_a_column_and_a_table_its_metadata(tmp_path):
    frame = pd.DataFrame({"close": [1.0]}, index=pd.Index(["ES"], name="symbol"))
    table = pa.table({"x": [1]}).replace_schema_metadata({"symbol": "ES"})

    write_parquet_atomic(tmp_path / "f.parquet", frame)
    write_parquet_atomic(tmp_path / "t.parquet", table)

    assert pq.read_table(tmp_path / "f.parquet").column_names == ["symbol", "close"]
    assert pq.read_table(tmp_path / "t.parquet").schema.metadata == {b"symbol": b"ES"}
