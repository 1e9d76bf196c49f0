"""A fingerprint of the code behind a result, so that a changed extractor never passes old results for its own."""

from __future__ import annotations

import ast
import functools
import hashlib
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from starlight.errors import StarlightError
from starlight.store.atomic import read_json, write_json

__all__ = ["DECODERS", "CodeMemo", "code_digest", "decoder_versions"]

DECODERS = ("jpeglib", "numpy", "pillow", "scipy")  # packages whose version can change a result
_ROOT = Path(__file__).parents[1]  # of this package


def code_digest(modules: Iterable[str], *, alone: Iterable[str] = ()) -> str:
    """Digest of modules of this package and of all that they import from it.

    Comments, docstrings and layout do not count.

    Parameters
    ----------
    modules : iterable of str
        Full names, such as `starlight.streams.pixel`; taken with what they import, and so on.
    alone : iterable of str
        Taken without.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    reached: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += _parsed(name)[1]
    digest = hashlib.sha256()
    for name in sorted(reached | set(alone)):
        digest.update(f"{name}\n{_parsed(name)[0]}\n".encode())
    return digest.hexdigest()[:16]


class CodeMemo:
    """Digests of earlier runs, good for as long as no file of this package has changed: parsing them takes longer.

    Parameters
    ----------
    path : Path
        What is not there, or cannot be understood, is taken for empty.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.package = path, _package_digest()
        said = read_json(path)
        known = said.get("digests")
        self.known = known if said.get("package") == self.package and isinstance(known, dict) else {}
        self.fresh = False

    def digest(self, modules: Iterable[str], *, alone: Iterable[str] = ()) -> str:
        """The same as `code_digest`."""
        modules, alone = sorted(modules), sorted(alone)
        question = " ".join([*modules, "alone", *alone])
        if question not in self.known:
            self.known[question], self.fresh = code_digest(modules, alone=alone), True
        return self.known[question]

    def save(self) -> None:
        """Write what is new.

        Raises
        ------
        StarlightError
            The file cannot be written.
        """
        if not self.fresh:
            return
        try:
            write_json(self.path, {"package": self.package, "digests": self.known})
        except OSError as error:
            raise StarlightError(f"{self.path}: cannot be written: {error.strerror or error}") from error


def decoder_versions() -> dict[str, str]:
    """Installed versions of `DECODERS`."""
    versions = {}
    for name in DECODERS:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "absent"
    return versions


def _package_digest() -> str:
    """Digest of all files of this package, to the byte, and of the version of Python that parses them."""
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(_ROOT.rglob("*.py")):
        digest.update(f"\n{path.relative_to(_ROOT).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _file(name: str) -> Path | None:
    path = _ROOT.joinpath(*name.split(".")[1:])
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@functools.cache
def _parsed(name: str) -> tuple[str, tuple[str, ...]]:
    """Normal form of a module's code, and the modules of this package that it imports."""
    path = _file(name)
    if path is None:
        return "", ()
    tree = ast.parse(path.read_bytes())
    imports = set()
    statements = list(_statements(tree))
    for node in statements:
        if isinstance(node, ast.Import):
            imports |= {alias.name for alias in node.names if alias.name.startswith("starlight.")}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "starlight":
            imports |= {_imported(node.module, alias.name) for alias in node.names}
    for node in statements:
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node, clean=False):
            node.body.pop(0)
    return ast.dump(tree), tuple(sorted(imports - {"starlight"}))


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """A module and all statements in it; not what they are made of, which is ten times as much."""
    yield node
    for field in ("body", "orelse", "handlers", "finalbody", "cases"):
        for child in getattr(node, field, ()):
            yield from _statements(child)


def _imported(module: str, name: str) -> str:
    """The submodule where `name` is one, else the module that defines it."""
    submodule = f"{module}.{name}"
    return submodule if _file(submodule) is not None else module
