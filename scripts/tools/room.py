"""How much room this run takes on disk, folder by folder: `reports/bench/room.csv`, which docs/sharing.md shows."""

from pathlib import Path

import pandas as pd

from starlight.lab.speed.room import FIELDS, measure
from starlight.release.readme import ROOM
from starlight.store import default_root

if __name__ == "__main__":
    table = pd.DataFrame(measure(Path(), default_root()), columns=list(FIELDS))
    table.to_csv(ROOM, index=False, lineterminator="\n")
    print(f"{table.to_string(index=False)}\n{table['mb'].sum():.0f} MB in all")
