"""The seeds' flat layout of bundles, written for one strategy from the winners' folders."""

from pathlib import Path

from alphamill.core.errors import SettingsError
from alphamill.learning.bundle_files import BEST, export_flat, load_model_bundle
from alphamill.learning.result_fields import enhanced_name
from alphamill.research.metalabel.layout import Layout
from alphamill.strategies import plain


def export_strategy(layout: Layout, strategy: str, models_path: Path) -> list[Path]:
    """Write all bundles of a strategy into one folder, and return their paths.

    Raises
    ------
    SettingsError
        When there is no bundle of that strategy, or two of one symbol.
    """
    found = sorted(layout.models.glob(f"*/*{BEST}"))
    bundles = [load_model_bundle(path.name.removesuffix(BEST), path.parent) for path in found]
    wanted = {plain(strategy), plain(strategy.removesuffix(enhanced_name("")))}
    chosen = [bundle for bundle in bundles if plain(bundle.strategy) in wanted]
    if not chosen:
        names = sorted({bundle.strategy for bundle in bundles})
        raise SettingsError(
            f"{layout.models}: holds no bundle of {strategy!r}; it has those of {names}. Name one "
            "of these, or train first."
        )
    return export_flat(chosen, models_path)
