"""Bytes out of a plain, gzip or zip file, trusting neither its name nor its own claims."""

import gzip
import lzma
import stat
import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Protocol

from alphamill.core.errors import DataError

MAX_BYTES = 1 << 30  # 15 years of 1-minute bars are a quarter of this
MAX_RATIO = 200  # price text packs 3 to 30 times; a bomb packs a thousand times
FREE_BYTES = 1 << 22  # below this size the ratio says nothing

_SIGNATURES = (
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"FEA1", "a Feather file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"SQLite format 3", "an SQLite database"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x1f\x8b", "a gzip archive inside an archive"),
    (b"PK\x03\x04", "a zip archive inside an archive"),
)
_HTML = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml")
_CLUTTER = ("__MACOSX/", ".DS_Store")
_BROKEN = (  # all that the standard readers let through on a damaged archive
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    ValueError,
    LookupError,
    OverflowError,
)


class _Stream(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def read_bytes(path: Path) -> bytes:
    """Return the content of one file, unpacked when it is gzip or a zip of one file.

    Raises
    ------
    DataError
        When the file is absent, empty, a link, not a regular file or unreadable; when its archive
        is broken, encrypted, holds several files, a link, a path with ``..`` or a bomb; and when
        the content is plainly not delimited text.
    """
    raw = _on_disk(path)
    if raw[:2] == b"\x1f\x8b":
        data = _gunzip(path, raw)
    elif raw[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        data = _unzip(path, raw)
    elif path.suffix.lower() in (".gz", ".zip"):
        raise DataError(
            f"{path}: a {path.suffix} file must begin with its archive's signature, received "
            f"{raw[:8]!r}{_which(raw)}. Download it again, or rename it to what it is."
        )
    else:
        data = raw
    _require_text(path, data)
    return data


def _on_disk(path: Path) -> bytes:
    if ".." in path.name or "\0" in str(path):
        raise DataError(f"{path!s}: a file name must not hold '..' or NUL. Rename the file.")
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            raise DataError(
                f"{path}: must be the file itself, not a symbolic link. Give the file it points to."
            )
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "a device, pipe or socket"
            raise DataError(f"{path}: must be a regular file, received {kind}. Name a file.")
        if path.stat().st_size > MAX_BYTES:
            raise DataError(
                f"{path}: must not exceed {MAX_BYTES} bytes, received {path.stat().st_size}. "
                "Split it by year or symbol."
            )
        raw = path.read_bytes()
    except OSError as e:
        raise DataError(
            f"{path}: must be readable, received {e.strerror or e!r}. "
            "Check the path and its permissions."
        ) from e
    if not raw.strip():
        raise DataError(f"{path}: must hold data, received {len(raw)} bytes. Fetch it again.")
    return raw


def _gunzip(path: Path, raw: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=BytesIO(raw)) as stream:
            return _capped(path, stream, len(raw))
    except _BROKEN as e:
        raise DataError(
            f"{path}: must be a sound gzip archive, received {str(e)!r}. Fetch it again."
        ) from e


def _unzip(path: Path, raw: bytes) -> bytes:
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            member = _only_member(path, archive)
            with archive.open(member) as stream:
                return _capped(path, stream, len(raw))
    except _BROKEN as e:
        raise DataError(
            f"{path}: must be a sound zip archive, received {str(e)!r}. Fetch it again."
        ) from e


def _only_member(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    members = archive.infolist()
    for member in members:
        parts = PurePosixPath(member.filename.replace("\\", "/"))
        if ".." in parts.parts or parts.is_absolute() or ":" in member.filename:
            raise DataError(
                f"{path}: a member's path must stay inside the archive, received "
                f"{member.filename!r}. Do not trust this archive; fetch it from its owner."
            )
        if stat.S_ISLNK(member.external_attr >> 16):
            raise DataError(
                f"{path}: members must be files, received the symbolic link {member.filename!r}. "
                "Pack the file itself."
            )
    files = [m for m in members if not m.is_dir() and not _is_clutter(m.filename)]
    names = [m.filename for m in files]
    if "[Content_Types].xml" in names:
        raise DataError(
            f"{path}: must be delimited text, received an Excel workbook. Save it as CSV."
        )
    if len(files) != 1:
        raise DataError(
            f"{path}: a zip must hold exactly one file, received {len(files)}: {names[:5]!r}. "
            "Unpack it into a folder and give the folder."
        )
    if files[0].flag_bits & 1:
        raise DataError(f"{path}: member {names[0]!r} must not be encrypted. Unpack it first.")
    return files[0]


def _is_clutter(name: str) -> bool:
    return name.startswith(_CLUTTER) or name.endswith(_CLUTTER)


def _capped(path: Path, stream: _Stream, packed: int) -> bytes:
    """Read to the end, but stop as soon as the sizes are those of a bomb."""
    parts: list[bytes] = []
    total = 0
    while block := stream.read(1 << 20):
        parts.append(block)
        total += len(block)
        if total > MAX_BYTES or total > max(FREE_BYTES, packed * MAX_RATIO):
            raise DataError(
                f"{path}: must not unpack to more than {MAX_RATIO} times its size or "
                f"{MAX_BYTES} bytes; {packed} bytes gave over {total}. It looks like a "
                "decompression bomb: fetch it from its owner."
            )
    return b"".join(parts)


def _require_text(path: Path, data: bytes) -> None:
    which = _which(data)
    if which:
        raise DataError(
            f"{path}: must be delimited text, received {data[:12]!r}{which}. {_remedy(which)}"
        )
    if not data.strip():
        raise DataError(f"{path}: must hold data, received an empty member. Fetch it again.")


def _which(data: bytes) -> str:
    """Return ", which is ..." when the content is known to be something else."""
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"version https://git-lfs"):
        return ", which is a Git LFS pointer, not the data"
    if head[:9].lower().startswith(_HTML):
        return ", which is a web page (HTML or XML), not the data"
    if head[:1] in (b"{", b"["):
        return ", which is JSON"
    for signature, words in _SIGNATURES:
        if data.startswith(signature):
            cut = signature == b"PAR1" and not (len(data) > 8 and data.endswith(signature))
            return f", which is {words}" + (" cut short (its footer is missing)" if cut else "")
    return ""


def _remedy(which: str) -> str:
    if "LFS" in which:
        return "Run `git lfs pull` in its repository."
    if "web page" in which:
        return "The download failed or needs a login: fetch it again."
    return "Export it as CSV, or fetch it again."
