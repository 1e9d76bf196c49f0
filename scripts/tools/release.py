"""Make `models/release/` from the pipeline, run in a clone of its own: the weights, their figures, the model card."""

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from starlight.errors import StarlightError
from starlight.params import run_stage
from starlight.release.card import CARD, FOLDER, take


def main(_: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--covers", type=Path, help="folder of further photographs to take covers from")
    arguments.add_argument(
        "--clean", type=Path, nargs="*", default=[], help="folders of real files to set thresholds by"
    )
    arguments.add_argument("--terms", default="", help="where those come from and under which terms, for the card")
    arguments.add_argument("-S", dest="settings", action="append", default=[], help="a parameter, such as seed=7")
    arguments.add_argument("--images", type=int, default=20_000, help="that thresholds makes with each seed")
    options = arguments.parse_args()
    settings = list(options.settings)
    if options.covers:
        settings.append(f"sample.photographs={options.covers.resolve()}")
    with tempfile.TemporaryDirectory() as folder:
        script = [sys.executable, "-m"]
        for words in (
            ["git", "clone", "--quiet", str(Path.cwd()), "."],
            ["dvc", "exp", "run", *(f"--set-param={one}" for one in settings)],
            [
                *script,
                "scripts.tools.thresholds",
                f"--images={options.images}",
                *(["--covers", *(str(one.resolve()) for one in options.clean)] if options.clean else []),
            ],
            [*script, "scripts.evaluate"],  # the test split is judged with the thresholds that are released
        ):
            if subprocess.run(words, cwd=folder, env=os.environ | {"PYTHONPATH": folder}).returncode:
                raise StarlightError(f"{FOLDER}: left as it is; what failed stands above: {shlex.join(words)}")
        covers = options.terms or (options.covers.name if options.covers else "")
        take(Path(folder), FOLDER, settings=options.settings, covers=covers)
    print(f"{FOLDER / CARD}; now `make evidence`")


if __name__ == "__main__":
    run_stage(main)
