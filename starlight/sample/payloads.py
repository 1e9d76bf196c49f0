"""Payloads as people and programs hide them: text in several languages, structured data, code, keys."""

import base64
import json
from collections.abc import Callable

import numpy as np

from starlight.sample.covers.words import sentence, word

__all__ = ["KINDS", "text"]

_MIN_BYTES = 4
_CYRILLIC = "это не что как все она так его только было когда уже для вот быть если даже сказал человек время дом"
_GREEK = "και το να είναι για με που δεν θα από την στο μια αυτό πολύ σπίτι νερό ημέρα θάλασσα"
_ARABIC = "من في على هذا التي كان إلى أن هو ما كل بعد عند بيت ماء يوم شمس كتاب"
_GERMAN = "der die und das nicht mit für über größer schön heute gestern Straße Bücher zwischen Mädchen"
_LANGUAGES = tuple(words.split() for words in (_CYRILLIC, _GREEK, _ARABIC, _GERMAN))
_CJK = "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生"
_KANA = "のにはをたがでてとしれさあるいもすなこかよらつまくきみやそど"
_EMOJI = "🙂🚀🔑📷🌍✨🐈🔥"


def text(rng: np.random.Generator, size: int, *, kind: str | None = None) -> tuple[bytes, str]:
    """Make up a text payload without NUL.

    Parameters
    ----------
    rng : numpy.random.Generator
    size : int
        Bytes wanted, from 4; a character that would be cut at the end is left out.
    kind : str, optional
        One of `KINDS`; at random unless told.

    Returns
    -------
    payload : bytes
        UTF-8, at most `size` bytes.
    kind : str
    """
    kind = kind or str(rng.choice(list(KINDS), p=_WEIGHTS))
    size = max(size, _MIN_BYTES)
    made = KINDS[kind](rng, size).encode()
    return made[:size].decode("utf-8", "ignore").encode(), kind


def _prose(rng: np.random.Generator, size: int) -> str:
    return sentence(rng, size)


def _markdown(rng: np.random.Generator, size: int) -> str:
    """Write a page like those in `seeds/*.md`."""
    parts = [f"# {word(rng).title()} {word(rng)}\n\n"]
    while sum(map(len, parts)) < size:
        block = rng.integers(0, 3)
        if block == 0:
            parts.append(f"## {word(rng).title()}\n\n")
        elif block == 1:
            parts.append("".join(f"- {sentence(rng, 30)}\n" for _ in range(3)) + "\n")
        parts.append(sentence(rng, int(rng.integers(60, 300))) + "\n\n")
    return "".join(parts)


def _json(rng: np.random.Generator, size: int) -> str:
    record: dict[str, object] = {"id": int(rng.integers(1, 10**9)), "type": word(rng)}
    length = 40
    while length < size:
        values = [sentence(rng, 20), int(rng.integers(0, 10**6)), round(float(rng.random()), 6), None]
        record[word(rng)] = values[int(rng.integers(0, 4))]
        length += 16
    return json.dumps(record, indent=int(rng.choice([0, 2])) or None)


def _base64(rng: np.random.Generator, size: int) -> str:
    return base64.b64encode(rng.bytes(size)).decode()


def _hex(rng: np.random.Generator, size: int) -> str:
    return rng.bytes(size // 2 + 1).hex()


def _key(rng: np.random.Generator, size: int) -> str:
    body = _base64(rng, size)
    lines = "\n".join(body[i : i + 64] for i in range(0, len(body), 64))
    return f"-----BEGIN PRIVATE KEY-----\n{lines}\n-----END PRIVATE KEY-----\n"


def _urls(rng: np.random.Generator, size: int) -> str:
    out: list[str] = []
    while sum(map(len, out)) < size:
        top = rng.choice(["com", "org", "net", "io", "onion"])
        out.append(f"https://{word(rng)}.{top}/{word(rng)}/{rng.bytes(6).hex()}?q={word(rng)}\n")
    return "".join(out)


def _code(rng: np.random.Generator, size: int) -> str:
    out = ["import os, sys, socket\n\n"]
    while sum(map(len, out)) < size:
        name, value = word(rng), int(rng.integers(1, 9999))
        body = f"    {word(rng)} = [x ^ {value} for x in range({value % 97})]\n    return sum({name}) * {value}\n\n"
        out.append(f"def {name}({word(rng)}, {word(rng)}=None):\n    # {sentence(rng, 20)}\n{body}")
    return "".join(out)


def _table(rng: np.random.Generator, size: int) -> str:
    out = ["id,name,value,date\n"]
    while sum(map(len, out)) < size:
        day = f"20{rng.integers(10, 27)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}"
        out.append(f"{rng.integers(1, 10**5)},{word(rng)},{rng.uniform(0, 999):.2f},{day}\n")
    return "".join(out)


def _language(rng: np.random.Generator, size: int) -> str:
    vocabulary = _LANGUAGES[int(rng.integers(0, len(_LANGUAGES)))]
    return " ".join(vocabulary[i] for i in rng.integers(0, len(vocabulary), size // 4 + 2))


def _cjk(rng: np.random.Generator, size: int) -> str:
    signs = _CJK if rng.random() < 0.5 else _CJK[:12] + _KANA
    picks = [signs[i] for i in rng.integers(0, len(signs), size // 3 + 4)]
    return "".join(s + ("。" if rng.random() < 0.06 else "") for s in picks)


def _chat(rng: np.random.Generator, size: int) -> str:
    out: list[str] = []
    while sum(map(len, out)) < size:
        out.append(f"{word(rng)}: {sentence(rng, 25)} {_EMOJI[int(rng.integers(0, len(_EMOJI)))]}\n")
    return "".join(out)


KINDS: dict[str, Callable[[np.random.Generator, int], str]] = {
    "prose": _prose,
    "markdown": _markdown,
    "json": _json,
    "base64": _base64,
    "hex": _hex,
    "key": _key,
    "urls": _urls,
    "code": _code,
    "table": _table,
    "language": _language,
    "cjk": _cjk,
    "chat": _chat,
}
_WEIGHTS = [0.24, 0.14, 0.10, 0.10, 0.06, 0.04, 0.06, 0.07, 0.04, 0.06, 0.05, 0.04]
