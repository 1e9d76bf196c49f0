"""Text in encodings other than UTF-8: how much likelier the characters that bytes stand for are than uniform bytes.

Shares of letters are those of the usual frequency tables; rarer characters share what is left.
"""

from __future__ import annotations

import functools
import math

import numpy as np

from starlight.streams.readable.text_models import MODELS

__all__ = ["CONTROL", "ENCODINGS", "best_in_others", "best_in_wide", "best_stretch", "curve"]

_RUSSIAN = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё"  # by frequency
_RUSSIAN_SHARES = (11, 8.5, 8, 7.4, 6.7, 6.3, 5.5, 4.7, 4.5, 4.4, 3.5, 3.2, 3, 2.8, 2.6, 2, 1.9, 1.7, 1.7, 1.7, 1.6,
                   1.4, 1.2, 1, 0.9, 0.7, 0.6, 0.5, 0.4, 0.3, 0.3, 0.05, 0.05)  # fmt: skip
_USUAL = ("的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过"
          "发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前"
          "开但因只从想实")  # fmt: skip
CONTROL = (np.arange(256) < 32) & ~np.isin(np.arange(256), [9, 10, 12, 13, 27])  # (256,) bool, not in any text
_TASTE, _CONTROLS = 48, 4  # of them, at the most, in so many first bytes that are worth reading as pairs
_BYTE = math.log(256)  # nats of a uniform byte
_BAD = -7.0  # nats that bytes lose which stand for a character that a model rules out
ENCODINGS = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp1251", "koi8-r", "cp866", "cp1252", "gb18030",
             "big5", "shift_jis", "euc-jp", "euc-kr")  # fmt: skip
_PAIRED = ("gb18030", "big5", "shift_jis", "euc-jp", "euc-kr")
_ALPHABETS = ((0x370, 0x3D0), (0x5D0, 0x5EB), (0x620, 0x650), (0xE01, 0xE5C))  # Greek, Hebrew, Arabic, Thai
_WIDE = {"utf-16-le": "<u2", "utf-16-be": ">u2", "utf-32-le": "<u4", "utf-32-be": ">u4"}


def curve(data: bytes, encoding: str) -> np.ndarray:
    """How much the first bytes of some are like text in an encoding, for each number of them.

    Parameters
    ----------
    data : bytes
    encoding : str
        One of ENCODINGS.

    Returns
    -------
    (n + 1,) float
        Log-likelihood ratio against uniform bytes under the best model, less the price of the choice of model and
        encoding, in nats; -inf in the midst of a character.
    """
    out = np.full(len(data) + 1, -np.inf)
    codes, widths = _decoded(data, encoding)
    if len(codes):
        gains = _models()[:, np.where(codes < 0xFFFE, codes, 0xFFFF)] + widths * math.log(256)
        sums = np.cumsum(np.where(np.isfinite(gains), gains, _BAD), axis=1)
        out[np.cumsum(widths)] = sums.max(axis=0) - _price()
    return out


def best_stretch(steps: np.ndarray) -> np.ndarray:
    """Largest sum of steps in a row, along the last axis: (..., n) -> (...)."""
    size = steps.shape[-1]
    if steps.size < 200 * size:  # few rows
        sums = np.zeros((*steps.shape[:-1], size + 1), np.float32)
        np.cumsum(steps, axis=-1, out=sums[..., 1:])
        return (sums - np.minimum.accumulate(sums, axis=-1)).max(axis=-1)
    columns = np.ascontiguousarray(np.moveaxis(steps, -1, 0), np.float32).reshape(size, -1)
    run, best = np.zeros((2, columns.shape[1]), np.float32)  # sum of the best stretch that ends here, and of any
    for column in columns:
        run += column
        np.maximum(run, 0, out=run)
        np.maximum(best, run, out=best)
    return best.reshape(steps.shape[:-1])


def best_in_others(data: np.ndarray) -> np.ndarray:
    """No less than the highest of `curve` over encodings and even places to begin at, for many rows at once.

    Parameters
    ----------
    data : (V, n) uint8

    Returns
    -------
    (V,) float32
        In nats.
    """
    out = np.maximum(
        best_in_wide(data), best_stretch(np.take(_single_bytes(), data, axis=1, mode="wrap")).max(axis=0) - _price()
    )
    many = np.flatnonzero(
        ((data >= 0x80).sum(axis=1) * 4 > data.shape[1]) & (CONTROL[data[:, :_TASTE]].sum(axis=1) <= _CONTROLS)
    )
    if len(many):
        out[many] = np.maximum(out[many], _best_of_pairs(data[many]) - _price())
    return out


def best_in_wide(data: np.ndarray) -> np.ndarray:
    """As `best_in_others`, of UTF-16 and UTF-32."""
    data, bounds = np.ascontiguousarray(data[:, : data.shape[1] // 4 * 4]), []
    for order in "<>":
        units = data.view(order + "u2")
        bounds.append(best_stretch(np.take(_best(2), units, mode="wrap")))
        low, high = (units[:, ::2], units[:, 1::2]) if order == "<" else (units[:, 1::2], units[:, ::2])
        bounds.append(best_stretch(np.where(high == 0, np.take(_best(4), low, mode="wrap"), np.float32(_BAD))))
    return np.max(bounds, axis=0) - _price()


def _price() -> float:
    """Nats of the choice of an encoding and a model."""
    return math.log(len(ENCODINGS) * len(_models()))


def _best_of_pairs(data: np.ndarray) -> np.ndarray:
    """As `best_in_others`, of encodings that write a character in one byte or two.

    A byte gains no more than it does alone, or half of what it does with the one before or behind it.
    """
    alone, pairs = _byte_pairs()
    most = np.take(alone, data, axis=1, mode="wrap")
    halves = np.take(pairs, data[:, :-1].astype(np.uint16) << 8 | data[:, 1:], axis=1, mode="wrap") / 2
    np.maximum(most[:, :, :-1], halves, out=most[:, :, :-1])
    np.maximum(most[:, :, 1:], halves, out=most[:, :, 1:])
    return best_stretch(most).max(axis=0)


def _decoded(data: bytes, encoding: str) -> tuple[np.ndarray, np.ndarray]:
    """Code points, and how many bytes each takes."""
    if encoding in _WIDE:
        unit = np.dtype(_WIDE[encoding])
        codes = np.frombuffer(data[: len(data) // unit.itemsize * unit.itemsize], unit).astype(np.int64)
        return codes, np.full(len(codes), unit.itemsize)
    text = data.decode(encoding, "replace")
    codes = np.frombuffer(text.encode("utf-32-le"), "<u4").astype(np.int64)
    single = encoding.startswith(("cp", "koi"))
    if single:
        return codes, np.ones(len(codes), np.int64)
    end = np.flatnonzero(codes == 0xFFFD)  # how many bytes were left out there is not known
    codes = codes[: end[0]] if len(end) else codes
    one = (codes < 128) | ((codes >= 0xFF61) & (codes <= 0xFF9F) & (encoding == "shift_jis"))
    return codes, np.where(one, 1, np.where(codes > 0xFFFF, 4, 2))


@functools.cache
def _best(width: int) -> np.ndarray:
    """Log-odds of each character, written in so many bytes, under the model that likes it most: (65536,) float32."""
    return np.maximum(_models().max(axis=0) + np.float32(width * _BYTE), np.float32(_BAD))


@functools.cache
def _single_bytes() -> np.ndarray:
    """Log-odds of each byte in encodings of one byte a character, under models of prose and Russian: (8, 256)."""
    tables = []
    for encoding in ("cp1251", "koi8-r", "cp866", "cp1252"):
        codes = np.frombuffer(bytes(range(256)).decode(encoding, "replace").encode("utf-32-le"), "<u4")
        tables += [*_models()[:2, np.minimum(codes, 0xFFFF)]]
    return np.maximum(np.array(tables) + _BYTE, _BAD).astype(np.float32)


@functools.cache
def _byte_pairs() -> tuple[np.ndarray, np.ndarray]:
    """Log-odds of bytes and of pairs of them in encodings of East Asia: (encodings, 256), (encodings, 65536)."""
    alone, joined = ([np.full(size, _BAD, np.float32) for _ in _PAIRED] for size in (256, 65536))
    singles = [bytes([b]) for b in range(256) if b != 10]
    pairs = [bytes([a, b]) for a in range(0x81, 0xFF) for b in range(0x40, 0xFF)]
    for tables, spelt in ((alone, singles), (joined, pairs)):
        for table, encoding in zip(tables, _PAIRED, strict=True):
            for raw, letter in zip(spelt, b"\n".join(spelt).decode(encoding, "replace").split("\n"), strict=True):
                if len(letter) == 1 and letter < "\ufffd":
                    table[int.from_bytes(raw, "big")] = _best(len(raw))[ord(letter)]
    return np.array(alone), np.array(joined)


@functools.lru_cache(1)
def _models() -> np.ndarray:
    """Log-probability of each character of the basic plane, -inf where ruled out: (models, 65536) float32."""
    latin = np.zeros(65536)
    latin[:128] = np.exp(MODELS[0][:128]) / 256  # prose
    mixed = latin[:128] / latin[:128].sum()
    signs = np.zeros(65536)
    signs[[*map(ord, "，。、！？：；“”「」（）《》—…")]] = 1 / 18
    spaces, han, ascii_ = _spaces(mixed), _han(), _ascii(mixed)
    models = [
        0.96 * latin + 0.03 * _even(0xC0, 0x180) + 0.01 * _even(0x2010, 0x2040),
        0.78 * _russian() + 0.02 * _even(0x400, 0x460) + 0.2 * spaces,
        0.8 * han + 0.1 * signs + 0.1 * ascii_,
        0.55 * _even(0x3041, 0x3094) + 0.12 * _even(0x30A1, 0x30FC) + 0.23 * han + 0.08 * signs + 0.02 * ascii_,
        0.78 * _hangul() + 0.22 * spaces,
        *(0.8 * _even(low, high) + 0.2 * spaces for low, high in _ALPHABETS),
    ]
    with np.errstate(divide="ignore"):
        return np.log(np.array(models)).astype(np.float32)


def _even(low: int, high: int) -> np.ndarray:
    out = np.zeros(65536)
    out[low:high] = 1 / (high - low)
    return out


def _ascii(mixed: np.ndarray) -> np.ndarray:
    out = np.zeros(65536)
    out[:128] = mixed
    return out


def _spaces(mixed: np.ndarray) -> np.ndarray:
    """Mostly spaces and full stops, as between words of another script."""
    out = 0.2 * _ascii(mixed)
    out[32] += 0.62
    out[[10, 33, 44, 45, 46, 63]] += 0.03
    return out


def _russian() -> np.ndarray:
    out = np.zeros(65536)
    shares = np.array(_RUSSIAN_SHARES) / sum(_RUSSIAN_SHARES)
    out[[*map(ord, _RUSSIAN)]] = 0.94 * shares
    out[[*map(ord, _RUSSIAN.upper())]] = 0.06 * shares
    return out


def _han() -> np.ndarray:
    """Common characters of GB 2312 (its first level) and of Big5, and some that make four tenths of a text."""
    out = np.zeros(65536)
    for encoding, leads, tails, share in (
        ("gb2312", range(0xB0, 0xD8), (*range(0xA1, 0xFF),), 0.4),
        ("big5", range(0xA4, 0xC7), (*range(0x40, 0x7F), *range(0xA1, 0xFF)), 0.15),
    ):
        text = bytes(b for lead in leads for tail in tails for b in (lead, tail)).decode(encoding, "ignore")
        known = [code for code in map(ord, text) if 0x4E00 <= code < 0xA000]
        out[known] += share / len(known)
    out[[*map(ord, _USUAL)]] += 0.4 / len(_USUAL)
    out[0x4E00:0xA000] += 0.05 / (0xA000 - 0x4E00)
    return out


def _hangul() -> np.ndarray:
    text = bytes(b for lead in range(0xB0, 0xC9) for tail in range(0xA1, 0xFF) for b in (lead, tail))
    known = [code for code in map(ord, text.decode("euc-kr", "ignore")) if 0xAC00 <= code < 0xD7A4]
    out = np.zeros(65536)
    out[known] = 1 / len(known)
    return out
