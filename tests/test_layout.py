"""The house: few loose modules, folders that one can take in at a glance, imports between folders that run one way."""

from collections import defaultdict
from graphlib import TopologicalSorter
from pathlib import Path

from tests.imports import ROOT, direct

LIBRARY = ROOT / "starlight"
# What everybody may use.
GROUND = {"errors.py", "params.py", "manifest.py", "markdown.py", "fanout.py", "system"}


def rooms() -> dict[str, set[str]]:
    """Folders of the library, each with those that its modules import; the loose modules are rooms of their own."""
    arrows: dict[str, set[str]] = defaultdict(set)
    for path in LIBRARY.rglob("*.py"):
        packages = {p / "__init__.py" for p in path.parents}
        for other in direct(path) - packages:
            if other.name != "__init__.py" or _says_something(other):
                arrows[_room(path)].add(_room(other))
    return {room: others - {room} for room, others in arrows.items()}


def _room(path: Path) -> str:
    inside = path.relative_to(LIBRARY)
    return inside.parent.as_posix() if len(inside.parts) > 1 else inside.name


def _says_something(path: Path) -> bool:
    return "import" in path.read_text(encoding="utf-8")


def test_imports_between_folders_run_one_way():
    list(TopologicalSorter(rooms()).static_order())  # raises CycleError, which names the circle


def test_ground_floor_rests_on_nothing_above_it():
    for name in GROUND:
        assert rooms().get(name, set()) <= GROUND, name


def test_few_modules_lie_loose():
    assert len(list(LIBRARY.glob("*.py"))) <= 12


def test_folders_can_be_taken_in_at_a_glance():
    folders = [LIBRARY, ROOT / "scripts", *(p for p in LIBRARY.rglob("*") if p.is_dir() and p.name != "__pycache__")]
    crowded = {folder.as_posix(): n for folder in folders if (n := len(list(folder.glob("*.py")))) > 18}
    assert crowded == {}
