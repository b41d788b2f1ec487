"""Where a meta-labelling run keeps its files, by the names of the seed documents."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The folders below one output folder; ``key`` is a winner's, such as ``ES_RSI2``."""

    root: Path

    @property
    def training_data(self) -> Path:
        return self.root / "training_data"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def log(self) -> Path:
        return self.root / "pipeline.log"

    def model(self, key: str) -> Path:
        """Return the folder of a winner's bundle and of its search."""
        return self.models / key

    def learned(self, key: str) -> Path:
        return self.model(key) / "learned.json"

    def validation(self, key: str) -> Path:
        return self.root / "validation" / f"{key}_validation.json"

    def page(self, key: str) -> Path:
        return self.root / "reports" / f"{key}.html"

    @property
    def overview(self) -> Path:
        return self.root / "reports" / "meta.html"

    @property
    def enhanced(self) -> Path:
        return self.root / "reports" / "enhanced_strategies.json"

    def results(self, stamp: str) -> Path:
        return self.root / "reports" / f"ml_pipeline_results_{stamp}.json"
