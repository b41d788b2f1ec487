"""Compiled code is cached by what it was made of: an edited helper is never a stale number."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from alphamill.workshop import compiled
from alphamill.workshop.compiled import cache_folder

KERNEL = """
from alphamill.workshop.compiled import compiler
from room.costs import fee

jit = compiler(__file__)

@jit
def worth(price):
    return price - fee(price)
"""
COSTS = """
from alphamill.workshop.compiled import compiler

jit = compiler(__file__)

@jit
def fee(price):
    return 0.1 * price
"""
# What the room says of 100, whether its plain function is in reach, and hits of the cache.
ASK = """
from room.kernel import worth
print(worth(100.0), getattr(worth, "py_func", worth)(200.0))
print(sum(worth.stats.cache_hits.values()) if hasattr(worth, "stats") else "plain")
"""
ROOT = Path(compiled.__file__).parents[2]


@pytest.fixture
def room(tmp_path):
    folder = tmp_path / "code" / "room"
    folder.mkdir(parents=True)
    (folder / "__init__.py").touch()
    (folder / "kernel.py").write_text(KERNEL)
    (folder / "costs.py").write_text(COSTS)
    return folder


def ask(room: Path, cache: Path, code: str = ASK, **environ: str) -> list[str]:
    """Return what a fresh process prints of the room."""
    own = {
        "ALPHAMILL_CACHE": str(cache),
        "PYTHONPATH": os.pathsep.join([str(room.parent), str(ROOT)]),
        "NUMBA_DISABLE_JIT": "0",
    }
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, **own, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()


def test_an_edited_helper_in_another_file_gives_the_new_number(room, tmp_path):
    cache = tmp_path / "cache"
    assert ask(room, cache) == ["90.0 180.0", "0"]
    assert ask(room, cache) == ["90.0 180.0", "1"], "the second process must start hot"

    # Only the helper: the caller, whose file alone Numba would watch, stays as it was.
    (room / "costs.py").write_text(COSTS.replace("0.1", "0.2"))

    assert ask(room, cache) == ["80.0 160.0", "0"]
    assert len(list(cache.iterdir())) == 2
    assert list(room.rglob("*.nbi")) == []


def test_without_any_writable_folder_functions_are_compiled_anew(room, tmp_path):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    code = f"""
from pathlib import Path
from alphamill.workshop import compiled
compiled._roots = lambda: [Path({str(blocked)!r}) / "cache"]
assert compiled.cache_folder(Path({str(room)!r})) is None
{ASK}"""

    assert ask(room, blocked, code) == ["90.0 180.0", "0"]
    assert ask(room, blocked, code) == ["90.0 180.0", "0"]


def test_a_machine_without_a_temporary_folder_still_runs(room, tmp_path):
    code = f"""
import tempfile
tempfile._candidate_tempdir_list = lambda: []
{ASK}"""

    assert ask(room, tmp_path / "cache", code)[0] == "90.0 180.0"


def test_a_system_without_user_numbers_still_runs(monkeypatch):
    monkeypatch.delattr(os, "getuid")

    assert compiled._roots()


def test_functions_can_be_left_uncompiled(room, tmp_path):
    assert ask(room, tmp_path / "cache", NUMBA_DISABLE_JIT="1") == ["90.0 180.0", "plain"]


# --- the folder's name -------------------------------------------------------------------------


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ALPHAMILL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_rooms_folder_lies_in_the_cache_and_bears_its_name(room, cache):
    folder = cache_folder(room)

    assert folder.parent == cache
    assert folder.is_dir()
    assert folder.name.startswith("room-")
    assert folder == cache_folder(room)
    assert list(folder.iterdir()) == [], "the trial file must not stay"


@pytest.mark.parametrize(
    "edit",
    [
        lambda room: (room / "costs.py").write_text(COSTS.replace("0.1", "0.2")),
        lambda room: (room / "costs.py").write_text(COSTS + "# why\n"),
        lambda room: (room / "more.py").write_text(""),
        lambda room: (room / "costs.py").unlink(),
        lambda room: (room / "costs.py").rename(room / "charges.py"),
        lambda room: (room / "deep").mkdir() or (room / "deep" / "x.py").write_text("A = 1\n"),
    ],
    ids=["number", "comment", "added", "removed", "renamed", "below"],
)
def test_any_edit_in_the_room_is_another_folder(room, cache, edit):
    before = cache_folder(room)

    edit(room)

    assert cache_folder(room) != before


def test_what_is_no_source_does_not_count(room, cache):
    before = cache_folder(room)

    (room / "notes.md").write_text("why")

    assert cache_folder(room) == before


@pytest.mark.parametrize("part", ["numba.__version__", "np.__version__", "platform.machine"])
def test_another_compiler_or_machine_is_another_folder(room, cache, monkeypatch, part):
    before = cache_folder(room)

    new = "other" if part.endswith("version__") else lambda: "other"
    monkeypatch.setattr(f"{compiled.__name__}.{part}", new)

    assert cache_folder(room) != before


def test_another_processor_is_another_folder(room, cache, monkeypatch):
    before = cache_folder(room)

    monkeypatch.setattr(compiled.llvmlite.binding, "get_host_cpu_name", lambda: "other")

    assert cache_folder(room) != before


def test_where_the_first_place_cannot_be_written_the_next_is_taken(room, tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("ALPHAMILL_CACHE", str(tmp_path / "a file"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))

    assert cache_folder(room).parent == tmp_path / "xdg" / "alphamill"


def test_compiling_leaves_numbas_own_setting_alone(room, cache, monkeypatch):
    monkeypatch.setattr(compiled.numba.config, "CACHE_DIR", "as it was")

    jitted = compiled.compiler(str(room / "kernel.py"))(lambda x: x + 1)

    assert compiled.numba.config.CACHE_DIR == "as it was"
    assert jitted(1) == 2


@pytest.mark.parametrize("nogil", [False, True])
def test_functions_hold_the_lock_unless_told_otherwise(room, cache, nogil):
    jitted = compiled.compiler(str(room / "kernel.py"), nogil=nogil)(lambda x: x + 1)

    assert getattr(jitted, "targetoptions", {"nogil": nogil})["nogil"] == nogil


def test_each_room_of_ours_has_its_own_folder(cache):
    rooms = [ROOT / "alphamill" / name for name in ("backtest", "indicators")]

    assert len({cache_folder(room) for room in rooms}) == 2


def test_a_cache_that_others_could_have_filled_is_not_read(tmp_path, monkeypatch):
    ours, open_to_all = tmp_path / "ours", tmp_path / "open"
    ours.mkdir(mode=0o700)
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    monkeypatch.setattr(compiled, "_roots", lambda: [open_to_all, ours])

    assert compiled.cache_folder(tmp_path).parent == ours
