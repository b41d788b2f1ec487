"""The commented project file that `alphamill init` writes."""

from importlib.resources import files


def template() -> str:
    """Return the commented project file for the sample data, every key explained."""
    return files("alphamill.settings").joinpath("template.yml").read_text(encoding="utf-8")
