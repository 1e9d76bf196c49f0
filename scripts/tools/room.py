"""How much room the run in this folder takes on disk: `reports/bench/room.csv`, which docs/sharing.md shows.

Each file is counted once, at its first place. A store that has served other versions, too, is counted with those.
"""

from pathlib import Path

import pandas as pd

from starlight.lab.speed.room import FIELDS, measure
from starlight.params import run_stage
from starlight.release.readme import ROOM
from starlight.store import default_root


def main(_: dict) -> None:
    table = pd.DataFrame(measure(Path(), default_root()), columns=list(FIELDS))
    table.to_csv(ROOM, index=False, lineterminator="\n")
    print(f"{table.to_string(index=False)}\n{table['mb'].sum():.0f} MB in all")


if __name__ == "__main__":
    run_stage(main)
