"""What a wheel brings: the command with the released detector, on a handful of packages, for whoever may only read.

The imports are watched here; that the wheel installs and answers is tried where STARLIGHT_LONG is set, once for each
Python that is on the machine.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import tiny

from tests.imports import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CORE = {"PIL", "jpeglib", "numpy", "threadpoolctl"}
LONG = pytest.mark.skipif("STARLIGHT_LONG" not in os.environ, reason="takes minutes: set STARLIGHT_LONG=1")
MEGABYTES = 200  # of all that is installed, caches of bytecode included
FIRST_ANSWER_S = 3.0  # of processor time, which a busy machine does not change
ALLOWED = """
import importlib.util, json, sys
allowed = set(json.loads(sys.argv[1])) | set(sys.stdlib_module_names) | {"starlight"}
class Watch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in allowed:
            raise ModuleNotFoundError(f"not among the packages of a wheel: {name}", name=name)
sys.meta_path.insert(0, Watch())
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: find(name, package) if name.partition(".")[0] in allowed else None
from starlight.cli.main import main
"""
WATCH = (
    ALLOWED
    + """
from starlight.detector.detector import Detector
from starlight.detector.explain import explain
detector = Detector.load()
assert "released detector 'v4' (numpy)" in detector.description, detector.description
for path in sys.argv[2:]:
    assert detector.detect(path).verdict != "unreadable", path
    assert "</html>" in explain(detector, path)
    main(["extract", path])
assert main(["detect", path, "--scheduler", "tcp://127.0.0.1:9"]) == 2
"""
)


def test_the_command_imports_the_core_packages_alone(tmp_path):
    files = list(map(str, tiny.images(tmp_path, 6)))
    command = [sys.executable, "-W", "error", "-c", WATCH, json.dumps(sorted(CORE)), *files]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_finds_tampering_imports_the_packages_of_its_extra_alone(tmp_path):
    extra = {line.partition(">")[0] for line in PROJECT["optional-dependencies"]["forgery"]}
    names = {"opencv-python-headless": "cv2"}
    allowed = sorted(CORE | {names.get(name, name) for name in extra})
    assert set(allowed) - CORE == {"cv2", "safetensors", "scipy"}
    detect = (
        'raise SystemExit(main(["detect", "--task", "forgery", "--workers", "1", "--masks", "masks", *sys.argv[2:]]))'
    )
    files = list(map(str, tiny.images(tmp_path, 2)))
    command = [sys.executable, "-c", ALLOWED + detect, json.dumps(allowed), *files]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode in (0, 1) and "2 files" in done.stderr, done.stderr


def test_the_core_is_what_the_command_imports():
    named = {line.partition(">")[0] for line in PROJECT["dependencies"]}
    assert named == {{"PIL": "pillow"}.get(name, name) for name in CORE}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*build, str(folder), str(ROOT)], check=True)
    return next(folder.glob("*.whl"))


def test_the_wheel_holds_the_release_and_type_hints(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {"starlight/_release/detector.safetensors", "starlight/_release/MODEL_CARD.md", "starlight/py.typed",
            "starlight/cli/page/page.js"} <= {*names}  # fmt: skip
    assert not [name for name in names if name.startswith(("tests/", "scripts/", "reports/"))]


_VERSION = "import ensurepip, sys; sys.version_info >= (3, 11) and print('ensurepip')"


def pythons():
    """Interpreters of the versions that are supported, and the system's own, which every user may run."""
    found = [sys.executable, *(p for v in ("3.11", "3.12", "3.13") if (p := _interpreter(v)))]
    system = "/usr/bin/python3"
    if Path(system).exists() and b"ensurepip" in subprocess.run([system, "-c", _VERSION], capture_output=True).stdout:
        found.append(system)
    return list(dict.fromkeys(found))


def _interpreter(version):
    homes = sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin/python"))
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return None
    return str(homes[-1]) if homes else shutil.which(f"python{version}")


@LONG
@pytest.mark.parametrize("python", pythons())
def test_installed_alone_it_answers_in_a_folder_that_may_only_be_read(wheel, tmp_path_factory, python):
    folder = tmp_path_factory.mktemp("alone")
    subprocess.run([python, "-m", "venv", str(folder / "venv")], check=True)
    installed = folder / "venv/bin"
    subprocess.run([installed / "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)], check=True)
    assert not list((folder / "venv").rglob("torch")) and not list((folder / "venv").rglob("dvc"))
    subprocess.run([installed / "pip", "uninstall", "--quiet", "--yes", "pip", "setuptools"], check=True)
    size = sum(p.stat().st_size for p in (folder / "venv").rglob("*") if p.is_file() and not p.is_symlink()) / 1e6
    assert size < MEGABYTES, f"{size:.0f} MB"
    pictures = folder / "pictures"
    tiny.images(pictures, 6)
    (pictures / "found.png").write_bytes((pictures / "000-rgb.png").read_bytes() + b"meet me at noon by the old mill\0")
    for path in (pictures, *pictures.iterdir()):
        path.chmod(0o555 if path.is_dir() else 0o444)
    _as_somebody(folder, pictures, str(installed / "starlight"))


def _as_somebody(folder, pictures, starlight):
    """Detect, extract and explain as a user who owns nothing here, in a folder that nobody may write to."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"}
    another = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    for above in [p for p in folder.parents if p.stat().st_uid == os.geteuid() and p != Path("/tmp")]:
        above.chmod(above.stat().st_mode | 0o011)
    folder.chmod(0o755)
    try:
        subprocess.run([starlight, "--version"], check=True, capture_output=True, env=environment, **another)
    except PermissionError:  # an interpreter in somebody's home
        another = {}

    def said(*words):
        before = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
        done = subprocess.run(
            [starlight, *words], cwd=pictures, env=environment, capture_output=True, text=True, **another
        )
        seconds = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - before
        return done.returncode, done.stdout, done.stderr, seconds

    said("detect", "found.png")  # the first start of all reads the libraries from the disk
    status, out, err, seconds = said("detect", ".", "--format", "jsonl")
    records = list(map(json.loads, out.splitlines()))
    assert status == 1 and len(records) == 7 and "released" in err and "numpy" in err, err
    assert [r["technique"] for r in records if r["verdict"] == "stego"] == ["raw"]
    status, _, err, _ = said("extract", "found.png")
    assert status == 0 and "meet me at noon" in err
    assert said("explain", "found.png", "-o", "/dev/full")[0] == 2  # it comes as far as writing the page
    _, _, _, seconds = said("detect", "found.png")
    assert seconds < FIRST_ANSWER_S, f"first answer after {seconds:.1f} s"
    assert said("detect", ".", "--runtime", "torch")[2].count("needs torch") == 1
