"""Panels on disk: named by their content, mapped, and refused when damaged."""

import numpy as np
import pytest

from alphamill.core.errors import DataError, SettingsError
from alphamill.factors.panel_files import MANIFEST, load_panel, save_panel
from tests.factors.panels import random_panel


def test_a_panel_is_stored_under_its_content_and_comes_back_mapped(tmp_path):
    panel = random_panel()

    folder = save_panel(panel, tmp_path)
    back = load_panel(folder, verify=True)

    assert folder.name == panel.identity == back.identity
    assert isinstance(back.fields["close"].base, np.memmap) or isinstance(
        back.fields["close"], np.memmap
    )
    assert save_panel(back, tmp_path) == folder


def test_a_store_that_was_cut_short_is_no_panel(tmp_path):
    folder = save_panel(random_panel(), tmp_path)
    (folder / MANIFEST).unlink()

    with pytest.raises(SettingsError, match="there is no panel"):
        load_panel(folder)
    assert load_panel(save_panel(random_panel(), tmp_path)).identity == folder.name


def test_damage_is_found(tmp_path):
    folder = save_panel(random_panel(), tmp_path)
    volume = np.load(folder / "volume.npy")
    np.save(folder / "volume.npy", volume * 1.001)

    with pytest.raises(DataError, match="its content is .*build the panel again"):
        load_panel(folder, verify=True)
    (folder / MANIFEST).write_text((folder / MANIFEST).read_text().replace("XNYS", "XLON"))
    with pytest.raises(DataError, match="manifest does not match"):
        load_panel(folder)
