"""A page as a reader finds it: words without markup, pictures by their labels."""

import re
from html import unescape
from pathlib import Path


def body_of(path: Path) -> str:
    """Return the page without its style sheet and script."""
    return re.sub(r"<(style|script)>.*?</\1>", "", path.read_text("utf-8"), flags=re.S)


def words_of(path: Path) -> str:
    """Return the page's visible words on one line, narrow drawings and hover words left out."""
    text = re.sub(r'<div class="narrow">.*?</svg></div>', "", body_of(path), flags=re.S)
    text = re.sub(r"<title>.*?</title>", "", text, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", text)))


def section_of(path: Path, heading: str) -> str:
    """Return the visible words from one heading to the end of its section."""
    words = words_of(path)
    start = words.index(heading)
    return words[start : start + 1_500]
