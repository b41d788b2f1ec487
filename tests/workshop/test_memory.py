import subprocess
import sys

import pytest

FAULTS = """
import resource
import numpy as np
from alphamill.workshop.memory import keep_freed_memory
{}
np.ones(5_000_000)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    np.ones(5_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _faults(first: str) -> int:
    # Small pages: with huge ones a fault is too big to be counted by the thousand.
    done = subprocess.run(
        [sys.executable, "-c", FAULTS.format(first)],
        env={"NUMPY_MADVISE_HUGEPAGE": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's allocator only")
def test_a_freed_array_makes_room_for_the_next_without_asking_the_system():
    assert _faults("") > 10_000
    assert _faults("assert keep_freed_memory()") < 1_000
