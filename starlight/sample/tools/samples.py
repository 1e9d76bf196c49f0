"""Programs that write to the samples or indices of lossless files.

The Python packages save with Pillow, and so is the counterpart. steghide keeps a BMP file but for the samples that it
changes; gifshuffle keeps a GIF file but for the order of its colours and two bytes of the header; Stegosuite writes PNG
with the encoder of its Java.
"""

from __future__ import annotations

import functools
import io
import math
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from starlight.errors import StarlightError
from starlight.images.containers import parse
from starlight.sample.tools.coefficients import stegpy
from starlight.sample.tools.tool import Tool, has_module, has_program, rgb, run, through_files

__all__ = ["TOOLS"]

_JAVA = """
import java.io.File; import javax.imageio.ImageIO;
public class Twin { public static void main(String[] a) throws Exception {
  ImageIO.write(ImageIO.read(new File(a[0])), "png", new File(a[1])); } }
"""
_Make = Callable[[Path, Path, bytes, int], None]


def _png(cover: Path, out: Path, seed: int) -> None:
    rgb(cover).save(out, "PNG")


def _stegano(generator: str | None) -> _Make:
    """The payload as hexadecimal digits, at all samples or at those that a generator of stegano's names."""

    def make(cover: Path, out: Path, payload: bytes, seed: int) -> None:
        from stegano import lsb
        from stegano.lsb import generators

        buffer = io.BytesIO()
        rgb(cover).save(buffer, "PNG")
        order = {"generator": getattr(generators, generator)()} if generator else {}
        lsb.hide(buffer, payload.hex(), **order).save(out, "PNG")

    return make


def _shifted(cover: Path, out: Path, payload: bytes, seed: int) -> None:
    from stegano import rdh

    buffer = io.BytesIO()
    rgb(cover).save(buffer, "PNG")
    try:
        rdh.hide(buffer, payload.hex()).save(out, "PNG")
    except ValueError as error:  # a histogram without an empty value
        raise StarlightError(f"stegano: {error}") from error


def _shift_capacity(path: Path) -> int:
    from stegano import rdh

    try:
        return rdh.capacity(str(path)) // 2
    except ValueError:
        return 0


def _stego_lsb(depth: int) -> _Make:
    def make(cover: Path, out: Path, payload: bytes, seed: int) -> None:
        from stego_lsb import LSBSteg

        LSBSteg.hide_message_in_image(rgb(cover), payload, depth).save(out, "PNG")

    return make


def _stepic(cover: Path, out: Path, payload: bytes, seed: int) -> None:
    import stepic

    stepic.encode(rgb(cover), payload).save(out, "PNG")


def _stegpy_tool(takes: str) -> Tool:
    def capacity(path: Path) -> int:
        with Image.open(path) as image:
            return image.width * image.height * (1 if takes == "gif" else 3) // 4 - 16

    return Tool(
        f"stegpy-{takes}", f".{takes}", takes, has_module("stegpy.lsb"), lambda c, o, payload, _: stegpy(c, o, payload),
        lambda c, o, _: stegpy(c, o, None), capacity,
    )  # fmt: skip


def _samples(bits: float, overhead: int) -> Callable[[Path], int]:
    """Capacity at so many bits a sample of an RGB picture."""

    def capacity(path: Path) -> int:
        with Image.open(path) as image:
            return int(3 * image.width * image.height * bits) // 8 - overhead

    return capacity


def _same(cover: Path, out: Path, seed: int) -> None:
    shutil.copyfile(cover, out)


def _gifshuffle_clean(cover: Path, out: Path, seed: int) -> None:
    """The cover with the header that the program writes: GIF87a's resolution of one bit, the last colour behind all."""
    data = bytearray(cover.read_bytes())
    data[10:12] = bytes([data[10] & 0x87, 0xFF])
    out.write_bytes(data)


def _gifshuffle_capacity(path: Path) -> int:
    data = path.read_bytes()
    table = data[13 : 13 + 3 * (2 << (data[10] & 7))]
    colours = len({table[i : i + 3] for i in range(0, len(table), 3)})
    return int(math.lgamma(colours + 1) / math.log(2)) // 8 - 2 if parse(data).format == "gif" else 0


@functools.cache
def _compiled() -> tempfile.TemporaryDirectory:
    """A folder with the Java class that writes a picture as Stegosuite does; it goes when Python ends."""
    folder = tempfile.TemporaryDirectory(prefix="starlight-twin-")
    source = Path(folder.name, "Twin.java")
    source.write_text(_JAVA, encoding="ascii")
    run("javac", str(source))
    return folder


def _stegosuite_clean(cover: Path, out: Path, seed: int) -> None:
    run("java", "-cp", _compiled().name, "Twin", str(cover), str(out))


def _gifshuffle(*key: str) -> _Make:
    return through_files(lambda c, m, o, k: ("gifshuffle", *(key and (*key, k)), "-f", m, c, o), ".gif")


def _steghide_command(cover: str, message: str, out: str, key: str) -> tuple[str, ...]:
    return ("steghide", "embed", "-cf", cover, "-ef", message, "-sf", out, "-p", key, "-f", "-q", "-Z")


def _stegosuite_command(cover: str, message: str, out: str, key: str) -> tuple[str, ...]:
    return ("stegosuite", "embed", "-k", key, "-f", message, "-o", out, cover)


TOOLS = (
    Tool("stegano", ".png", "", has_module("stegano.lsb"), _stegano(None), _png, _samples(0.5, 16)),
    # The primes below a number are some ninth of the numbers in a photograph's pixel count.
    Tool("stegano-primes", ".png", "", has_module("stegano.lsb"), _stegano("eratosthenes"), _png, _samples(0.03, 8)),
    Tool("stegano-rdh", ".png", "", has_module("stegano.rdh"), _shifted, _png, _shift_capacity),
    Tool("stego-lsb", ".png", "", has_module("stego_lsb.LSBSteg"), _stego_lsb(1), _png, _samples(1, 32)),
    Tool("stego-lsb-2", ".png", "", has_module("stego_lsb.LSBSteg"), _stego_lsb(2), _png, _samples(2, 32)),
    Tool("stepic", ".png", "", has_module("stepic"), _stepic, _png, _samples(8 / 9, 2)),
    *(_stegpy_tool(takes) for takes in ("png", "bmp", "gif", "webp")),
    Tool("steghide-bmp", ".bmp", "bmp", has_program("steghide"), through_files(_steghide_command, ".bmp"), _same,
         _samples(1 / 3, 96)),
    Tool("stegosuite", ".png", "png", has_program("stegosuite", "java", "javac"),
         through_files(_stegosuite_command, ".png"), _stegosuite_clean, _samples(0.5, 160)),
    Tool("gifshuffle", ".gif", "gif", has_program("gifshuffle"), _gifshuffle(), _gifshuffle_clean,
         _gifshuffle_capacity),
    Tool("gifshuffle-key", ".gif", "gif", has_program("gifshuffle"), _gifshuffle("-p"), _gifshuffle_clean,
         _gifshuffle_capacity),
)  # fmt: skip
