"""Simple models of text: prose, any printable characters, base64, code and addresses, digits, UTF-8 scripts."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["MODELS", "PRINTABLE", "log_odds"]

_LETTERS = "etaoinshrdlucmwfgypbvkjxqz"
_BAD = 1e-3 / 256  # probability of a byte that a model of text rules out


def _printable() -> np.ndarray:
    table = np.zeros(256, bool)
    table[32:127] = table[[9, 10, 13]] = True
    return table


PRINTABLE = _printable()  # (256,) bool: bytes that are printable ASCII or white space


def _models() -> np.ndarray:
    """Log-odds of each byte against a uniform one, (models, 256)."""
    prose = np.where(PRINTABLE, 0.04 / PRINTABLE.sum(), 0.0)
    weights = np.array([12.0, 9, 8.2, 7.6, 7, 6.8, 6.3, 6.2, 6, 4.3, 4, 2.8, 2.7, 2.5, 2.4, 2.3, 2, 2, 1.9, 1.5,
                        1, 0.8, 0.2, 0.2, 0.1, 0.1])  # fmt: skip
    codes = np.frombuffer(_LETTERS.encode(), np.uint8)
    prose[codes] += 0.72 * weights / weights.sum()
    prose[codes - 32] += 0.05 * weights / weights.sum()
    prose[32] += 0.15
    prose[[10, 44, 46]] += 0.0133
    any_printable = PRINTABLE / PRINTABLE.sum()
    base64 = np.zeros(256)
    base64[[43, 47, 61, *range(48, 58), *range(65, 91), *range(97, 123)]] = 1 / 65
    code = np.where(PRINTABLE, 0.24 / 32, 0.0)
    code[[10, 32]] = 0.04
    code[48:58] = 0.012
    code[65:91] = 0.07 / 26
    code[97:123] = 0.49 / 26
    lower, upper, numbers = np.zeros((3, 256))
    lower[[*range(48, 58), *range(97, 103)]] = upper[[*range(48, 58), *range(65, 71)]] = 1 / 16
    for table in (lower, upper):
        table[[10, 32, 45, 58]] = 0.01  # what sets groups of digits apart
    numbers[48:58] = 0.075
    numbers[[9, 10, 13, 32, 44, 45, 46, 59]] = 0.25 / 8
    utf8 = 0.4 * any_printable
    utf8[0x80:0xF5] += 0.6 / (0xF5 - 0x80)
    utf8[0xC0:0xC2] = 0
    stacked = np.stack([prose, any_printable, base64, code, lower, upper, numbers, utf8])
    return np.log(np.maximum(stacked / stacked.sum(axis=1, keepdims=True), _BAD) * 256).astype(np.float32)


MODELS = _models()  # of bytes that do not depend on each other


def log_odds(data: np.ndarray) -> np.ndarray:
    """Log-odds of each byte against a uniform one under each model of text.

    Parameters
    ----------
    data : (V, n) uint8

    Returns
    -------
    (models, V, n) float
        First those of `MODELS`, then those in which a byte depends on the ones before it.
    """
    return np.concatenate([MODELS[:, data], _script_odds(data)])


def _script_odds(data: np.ndarray) -> np.ndarray:
    """Log-odds under UTF-8 of scripts with two and with three bytes a letter, and of prose with accents, (3, V, n).

    A letter's first byte is mostly that of the letter before (two bytes: Greek, Cyrillic, Hebrew, Arabic), or one of
    seven (three bytes: kana and Han), or of Latin with accents; the others are uniform over the 64 continuation bytes.
    """
    tail = (data & 0xC0) == 0x80
    broken = math.log(_BAD * 256)  # a letter that its next byte does not go on with
    steps = np.stack([MODELS[1] + np.float32(math.log(0.3))] * 2 + [MODELS[0] + np.float32(math.log(0.95))])[:, data]
    before, two = _shifted(data, 1), _shifted(data, 2)
    within = (before >= 0xC3) & (before < 0xE0)
    repeat = (data >= 0xC3) & (data < 0xE0)
    same = np.where((two | 1) == (data | 1), 0.35, 0.3 / 29) * 256
    steps[0] = np.where(within, np.where(tail, math.log(256 / 64), broken), np.where(repeat, np.log(same), steps[0]))
    inside = ((before >= 0xE3) & (before < 0xEA)) | ((two >= 0xE3) & (two < 0xEA) & _shifted(tail, 1))
    first = (data >= 0xE3) & (data < 0xEA)
    middle = (before >= 0xE3) & (before < 0xEA)
    again = np.where((_shifted(data, 3) | 1) == (data | 1), 0.2, 0.6 / 64) * 256
    inner = np.where(middle, np.log(again), math.log(256 / 64))
    start = np.where(first, math.log(0.7 / 7 * 256), steps[1])
    steps[1] = np.where(inside, np.where(tail, inner, broken), start)
    accent = ((data >= 0xC3) & (data < 0xC6)) * math.log(0.05 / 3 * 256)
    steps[2] = np.where(within, np.where(tail, math.log(256 / 64), broken), np.where(accent > 0, accent, steps[2]))
    return steps


def _shifted(data: np.ndarray, by: int) -> np.ndarray:
    out = np.zeros_like(data)
    out[:, by:] = data[:, :-by]
    return out
