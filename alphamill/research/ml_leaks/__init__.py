"""Six mistakes made around models, planted beside honest twins."""

from alphamill.research.ml_leaks.bars_held import BARS_HELD
from alphamill.research.ml_leaks.nearest_bar import NEAREST_BAR
from alphamill.research.ml_leaks.planted import PlantedMl
from alphamill.research.ml_leaks.scaled_before_split import SCALED_BEFORE_SPLIT
from alphamill.research.ml_leaks.selected_on_all import SELECTED_ON_ALL
from alphamill.research.ml_leaks.shuffled_folds import SHUFFLED_FOLDS
from alphamill.research.ml_leaks.threshold_on_scored import THRESHOLD_ON_SCORED

PLANTED_ML: tuple[PlantedMl, ...] = (
    SCALED_BEFORE_SPLIT,
    SELECTED_ON_ALL,
    THRESHOLD_ON_SCORED,
    BARS_HELD,
    SHUFFLED_FOLDS,
    NEAREST_BAR,
)
