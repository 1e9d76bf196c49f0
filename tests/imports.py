"""Which modules of the library a script really imports. `python -m tests.imports` mends dvc.yaml by it."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Read by every stage, and steering nothing but through values that dvc.yaml lists under `params:`.
NOT_LISTED = {"starlight/params.py", "starlight/errors.py", "starlight/__init__.py"}


def module_file(name: str) -> Path | None:
    path = ROOT / Path(*name.split("."))
    if path.is_dir():
        return path / "__init__.py"
    return path.with_suffix(".py") if path.with_suffix(".py").exists() else None


@cache
def direct(path: Path) -> frozenset[Path]:
    """Library files that one file imports itself, packages' `__init__` on the way included."""
    if path == ROOT / "starlight" / "__init__.py":
        return frozenset()  # its attributes are imported when they are asked for
    found: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("starlight."):
            found |= _by_name(node.value)
    names = {
        ".".join(n.split(".")[: i + 1]) for n in found if n.startswith("starlight") for i in range(len(n.split(".")))
    }
    return frozenset(f for f in map(module_file, names) if f)


def _by_name(text: str) -> set[str]:
    """Modules that a registry imports by name: one, or with a dot at the end all of a package."""
    if not text.endswith("."):
        return {text}
    if text == "starlight.":  # what names begin with, and no registry
        return set()
    folder = ROOT / Path(*text.rstrip(".").split("."))
    files = (path.relative_to(folder).with_suffix("") for path in folder.rglob("*.py"))
    return {text + ".".join(file.parts).removesuffix(".__init__") for file in files}


def transitive(script: Path) -> set[str]:
    """All library files behind a script, relative to the repository, but for those in `NOT_LISTED`."""
    seen: set[Path] = set()
    queue = [script]
    while queue:
        for path in direct(queue.pop()) - seen:
            seen.add(path)
            queue.append(path)
    return {p.relative_to(ROOT).as_posix() for p in seen} - NOT_LISTED


def listed(files: set[str]) -> list[str]:
    """The dependencies of a stage: a folder as a whole where a third of it is imported, else what is in it."""
    deps: list[str] = []
    folders = [ROOT / "starlight"]
    while folders:
        for path in folders.pop().iterdir():
            inside = {p.relative_to(ROOT).as_posix() for p in ([path] if path.suffix == ".py" else path.rglob("*.py"))}
            if path.is_dir() and 0 < len(inside & files) < len(inside) / 3:
                folders.append(path)
            elif inside & files:
                deps.append(path.relative_to(ROOT).as_posix())
    return sorted(deps)


def mended(text: str) -> str:
    """`dvc.yaml` with the library's part of each stage's deps as its script has them."""
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("      - starlight/"):
            lines.append(line)
        if line.startswith("      - scripts/"):
            lines += [f"      - {dep}" for dep in listed(transitive(ROOT / line.split()[1]))]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    pipeline = ROOT / "dvc.yaml"
    pipeline.write_text(mended(pipeline.read_text(encoding="utf-8")), encoding="utf-8")
