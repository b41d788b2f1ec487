"""In a real browser the pages fit a phone and a desk: no sideways scrolling, no script error."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from alphamill.report.page import write_page
from alphamill.report.passport import write_passport
from alphamill.report.tearsheet import write_tearsheet

from . import passport_samples
from .samples import hostile, nothing_survived, result, success

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs chromium on the PATH")

# A headless window is never narrower than about 500 px, so each page is measured in frames.
_FRAMES = """<!doctype html><title>-</title>{frames}<script>
onload = function () {{
  document.title = "widths " + Array.from(document.querySelectorAll("iframe")).map(function (f) {{
    var page = f.contentDocument;
    page.querySelectorAll("details").forEach(function (d) {{ d.open = true; }});
    var button = page.querySelector("table.sortable th button");
    if (button) button.click();
    return [f.name, f.clientWidth, page.documentElement.scrollWidth, button ? 1 : 0].join(":");
  }}).join(" ");
}};
</script>"""


@pytest.fixture(scope="module")
def widths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, int, int]]:
    """Return frame width, page width and whether tables sort, for every page at two widths."""
    folder = tmp_path_factory.mktemp("pages")
    pages = {
        "success": write_page(success(), folder / "success.html"),
        "nothing": write_page(nothing_survived(), folder / "nothing.html"),
        "hostile": write_page(hostile(), folder / "hostile.html"),
        "passport": write_passport(passport_samples.refused(), folder / "passport.html"),
        "suspect": write_passport(passport_samples.hostile(), folder / "suspect.html"),
        "sheet": write_tearsheet(result(), "sheet", {"data": "9d1e" * 16}, folder / "sheet.html"),
    }
    frames = "".join(
        f'<iframe name="{name}-{width}" src="{path.name}" '
        f'style="width:{width}px;height:900px;border:0"></iframe>'
        for name, path in pages.items()
        for width in (420, 1400)
    )
    (folder / "frames.html").write_text(_FRAMES.format(frames=frames), "utf-8")
    found = re.search(r"<title>widths ([^<]*)", _dump(folder / "frames.html", folder / "profile"))
    assert found
    rows = (one.split(":") for one in found[1].split())
    return {name: (int(a), int(b), int(c)) for name, a, b, c in rows}


def test_no_page_scrolls_sideways(widths: dict[str, tuple[int, int, int]]):
    assert len(widths) == 12
    assert {n: w for n, w in widths.items() if w[1] > w[0]} == {}


def test_tables_can_be_sorted(widths: dict[str, tuple[int, int, int]]):
    assert {name for name, (_, _, sorts) in widths.items() if not sorts} == set()


def _dump(page: Path, profile: Path) -> str:
    command = [
        str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
        "--allow-file-access-from-files", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout
