"""One Jinja environment for all pages: everything is escaped, nothing may be missing."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from alphamill.report import wording

_TEMPLATES = Path(__file__).parent / "templates"


def rendered(template: str, context: Mapping[str, object]) -> str:
    """Return a page as text; ``context`` strings are escaped unless they are pictures."""
    return _environment().get_template(template).render(context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("alphamill.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in (
        "number",
        "signed",
        "percent",
        "money",
        "price",
        "date",
        "params",
        "plural",
        "sort_key",
    ):
        environment.filters[name] = getattr(wording, name)
    # Our own files, so they are written into the page as they are.
    environment.globals["style"] = Markup((_TEMPLATES / "style.css").read_text("utf-8"))
    environment.globals["script"] = Markup((_TEMPLATES / "sort.js").read_text("utf-8"))
    return environment
