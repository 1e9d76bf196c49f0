"""Models of text: how much likelier each makes a byte than uniform bytes do.

Prose, any printable characters, base64, code and addresses, hexadecimal digits, tables of numbers, UTF-8; and scripts
in UTF-8, where it matters which bytes came before.
"""

from __future__ import annotations

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


def _against_uniform(*shares: float) -> np.ndarray:
    """Log-odds of bytes with these probabilities."""
    return np.log(np.array(shares) * 256).astype(np.float32)


_TABLES = np.concatenate([MODELS, MODELS[[1, 1, 0]] + np.log([[0.3], [0.3], [0.95]]).astype(np.float32)])
_BROKEN, _CONTINUED, _ACCENT, _KANA = _against_uniform(_BAD, 1 / 64, 0.05 / 3, 0.7 / 7)
_SAME_TWO, _OTHER_TWO, _SAME_THREE, _OTHER_THREE = _against_uniform(0.35, 0.3 / 29, 0.2, 0.6 / 64)


def _scripts() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-odds of a byte by what the bytes before make of it, (states, 256) for each model of UTF-8."""
    byte, (two, three, latin) = np.arange(256), _TABLES[len(MODELS) :]
    tail, lead = (byte & 0xC0) == 0x80, (byte >= 0xC3) & (byte < 0xE0)
    continued = np.where(tail, _CONTINUED, _BROKEN)
    same, other = (np.where(tail, odds, _BROKEN) for odds in (_SAME_THREE, _OTHER_THREE))
    return (
        np.array([np.where(lead, _OTHER_TWO, two), np.where(lead, _SAME_TWO, two), continued, continued]),
        np.array([np.where((byte >= 0xE3) & (byte < 0xEA), _KANA, three), continued, other, same]),
        np.array([np.where((byte >= 0xC3) & (byte < 0xC6), _ACCENT, latin), continued]),
    )


_TWO, _THREE, _LATIN = _scripts()


def log_odds(data: np.ndarray) -> np.ndarray:
    """Log-odds of each byte against a uniform one under each model of text.

    Parameters
    ----------
    data : (V, n) uint8

    Returns
    -------
    (models, V, n) float32
        First those of `MODELS`, then those in which a byte depends on the ones before it.
    """
    steps = np.empty((len(_TABLES), *data.shape), np.float32)
    np.take(MODELS, data, axis=1, out=steps[: len(MODELS)], mode="wrap")  # of all modes the fastest
    steps[len(MODELS) :] = _of_scripts(data)
    return steps


def _of_scripts(data: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-odds (V, n) under UTF-8: of scripts with two bytes a letter, with three, and of prose with accents.

    A letter's first byte is mostly that of the letter before (two bytes: Greek, Cyrillic, Hebrew, Arabic), or one of
    seven (three bytes: kana and Han), or of Latin with accents; the others are uniform over the 64 continuation bytes.
    """
    before, two, three = (_shifted(data, by) for by in (1, 2, 3))
    letter = data | 1
    within = (before >= 0xC3) & (before < 0xE0)
    same = (two | 1) == letter
    middle = (before >= 0xE3) & (before < 0xEA)
    last = (two >= 0xE3) & (two < 0xEA) & ((before & 0xC0) == 0x80)
    again = middle & ((three | 1) == letter)
    return (
        _in_state(_TWO, data, same, within),
        _in_state(_THREE, data, again | (last & ~middle), middle),
        _in_state(_LATIN, data, within),
    )


def _in_state(table: np.ndarray, data: np.ndarray, *bits: np.ndarray) -> np.ndarray:
    """Entries (V, n) of a table (states, 256) for bytes and the bits of their states, lowest first."""
    place = data.astype(np.uint16)
    for k, bit in enumerate(bits):
        place |= bit.astype(np.uint16) << np.uint16(8 + k)
    return np.take(table, place, mode="wrap")


def _shifted(data: np.ndarray, by: int) -> np.ndarray:
    out = np.zeros_like(data)
    out[:, by:] = data[:, :-by]
    return out
