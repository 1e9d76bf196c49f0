"""Programs that write to the coefficients of JPEG files.

OutGuess compresses anew with libjpeg at its own quality. steghide and stegpy keep the coefficients and write them with
libjpeg's standard tables; f5stegojs, an F5 in JavaScript, brings a coder of its own, which writes the counterpart too.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import jpeglib
import numpy as np

from starlight.errors import StarlightError
from starlight.images.jpeg.io import read_coefficients, write_coefficients
from starlight.sample.tools.tool import Tool, has_module, has_program, rgb, run, through_files
from starlight.techniques.jpeg import outguess, steghide

__all__ = ["OUTGUESS_QUALITIES", "TOOLS", "stegpy"]

OUTGUESS_QUALITIES = (75, 75, 75, 80, 85, 90, 95)  # one is drawn; 75 is the program's default, and the least it takes
_F5_HEADER = 4  # bytes: which code, and how long


def _outguess(cover: Path, out: Path, payload: bytes, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "cover.ppm")
        rgb(cover).save(source)
        quality = str(_quality(seed))
        make = through_files(lambda c, m, o, key: ("outguess", "-k", key, "-d", m, "-p", quality, c, o), ".jpg")
        make(source, out, payload, seed)


def _quality(seed: int) -> int:
    return OUTGUESS_QUALITIES[seed % len(OUTGUESS_QUALITIES)]


def _outguess_clean(cover: Path, out: Path, seed: int) -> None:
    jpeg = jpeglib.from_spatial(np.asarray(rgb(cover)))
    jpeg.samp_factor = "4:2:0"
    jpeg.write_spatial(str(out), qt=_quality(seed))


def _steghide_clean(cover: Path, out: Path, seed: int) -> None:
    data = cover.read_bytes()
    out.write_bytes(write_coefficients(data, read_coefficients(data), metadata=False))


def stegpy(cover: Path, out: Path, payload: bytes | None) -> None:
    """Run stegpy, which tells its user things; without a payload it writes the cover as it writes everything.

    Raises
    ------
    StarlightError
        The payload does not fit.
    """
    from stegpy.lsb import HostElement

    with contextlib.redirect_stdout(io.StringIO()) as said:
        host = HostElement(str(cover))
        if host.format == "gif" and len(host.header[1]) == 1:  # a list of one duration, which Pillow refuses
            host.header[1] = host.header[1][0]
        try:
            if payload is not None:
                host.insert_message(payload)
        except SystemExit as error:
            raise StarlightError(f"stegpy: {said.getvalue().strip().splitlines()[-1]}") from error
        host.save(str(out))


def _f5_clean(cover: Path, out: Path, seed: int) -> None:
    code = (
        "const fs=require('fs'),path=require('path'),bin=fs.realpathSync(process.argv[1]);"
        "const f5=require(path.dirname(path.dirname(bin))),j=new f5(Buffer.from('k'));"
        "j.parse(fs.readFileSync(process.argv[2]));fs.writeFileSync(process.argv[3],Buffer.from(j.pack()))"
    )
    run("node", "-e", code, str(shutil.which("f5stego")), str(cover), str(out))


def _capacity(technique, overhead: int) -> Callable[[Path], int]:
    return lambda path: technique.capacity_bits(read_coefficients(path.read_bytes())) // 8 - overhead


def _f5_capacity(path: Path) -> int:
    """What its code of one bit in one coefficient holds, less what shrinks to zero, after F5's own estimate."""
    blocks = np.abs(read_coefficients(path.read_bytes()).y.reshape(-1, 64)[:, 1:])
    return int(np.count_nonzero(blocks) - 0.51 * (blocks == 1).sum()) // 8 - _F5_HEADER


def _stegpy_capacity(path: Path) -> int:
    whole = read_coefficients(path.read_bytes())
    return 2 * 63 * sum(p.size // 64 for p in (whole.y, whole.cb, whole.cr) if p is not None) // 80 - 16


TOOLS = (
    Tool("outguess", ".jpg", "", has_program("outguess"), _outguess, _outguess_clean, _capacity(outguess, 8)),
    Tool(
        "steghide", ".jpg", "jpeg", has_program("steghide"),
        through_files(lambda c, m, o, k: ("steghide", "embed", "-cf", c, "-ef", m, "-sf", o, "-p", k, "-f", "-q", "-Z"),
                      ".jpg"),
        _steghide_clean, _capacity(steghide, 64),
    ),
    Tool(
        "f5stegojs", ".jpg", "jpeg", has_program("f5stego", "node"),
        through_files(lambda c, m, o, k: ("f5stego", "-e", "-p", k, c, m, o), ".jpg"), _f5_clean, _f5_capacity,
    ),
    Tool(
        "stegpy-jpeg", ".jpg", "jpeg", has_module("stegpy.lsb"), lambda c, o, payload, _: stegpy(c, o, payload),
        lambda c, o, _: stegpy(c, o, None), _stegpy_capacity,
    ),
)  # fmt: skip
