"""A fingerprint of the code behind a result, so that a changed extractor never passes old results for its own."""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["DECODERS", "code_digest", "decoder_versions"]

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


def decoder_versions() -> dict[str, str]:
    """Installed versions of `DECODERS`."""
    versions = {}
    for name in DECODERS:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "absent"
    return versions


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
