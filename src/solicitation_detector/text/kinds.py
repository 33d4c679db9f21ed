"""Kinds of tokens that are told by their shape: addresses, numbers, sums, times, masks."""

from __future__ import annotations

import re

EMAIL, PHONE, URL, HANDLE = "<email>", "<phone>", "<url>", "<handle>"
MONEY, PERCENT, TIME, MASK, DATE = "<money>", "<percent>", "<time>", "<mask>", "<date>"

_TLDS = (
    "com|net|org|io|me|co|app|dev|example|de|fr|es|it|ru|uk|br|in|pl|nl|eu|ua|tr|id|gg|ly|link|shop|site|online|be|ch|at|pt|mx"
)
_EMAIL = re.compile(r"[\w.+\-]+(?:@|\(at\)|\[at\]|\{at\})[\w\-]+(?:(?:\.|\(dot\)|\[dot\]|\{dot\})[\w\-]+)+")
_URL = re.compile(rf"(?:https?://|www\.)\S+|(?=.{{1,60}}$)[a-z0-9\-]+(?:\.[a-z0-9\-]+){{0,3}}\.(?:{_TLDS})(?:/\S*)?")
_HANDLE = re.compile(r"@[a-z0-9_][\w.]+")
_MONEY = re.compile(
    r"(?:[$€£₹₽¥]|usd|eur|gbp|inr|rs\.?|r\$|us\$)\d[\d.,]*k?|\d[\d.,]*k?(?:[$€£₹₽¥]|usd|eur|gbp|inr|rs|zl|tl|грн|руб|р)"
)
_PERCENT = re.compile(r"\d[\d.,]*%")
_TIME = re.compile(r"\d{1,2}(?:[:h.]\d{2})?(?:am|pm|h|uhr)|\d{1,2}:\d{2}(?::\d{2})?")
_DATE = re.compile(r"\d{1,2}[./\-]\d{1,2}(?:[./\-]\d{2,4})?|\d{4}-\d{2}-\d{2}")
_GROUPED = re.compile(r"\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d+)?")
_PHONE = re.compile(r"\+?\(?\d[\d.()\-/]{7,20}\d")
_LOCAL_PHONE = re.compile(r"\d{3}-\d{4}")
_NUMBER = re.compile(r"[+(]?\d[\d.,()\-/]*")
_MASK = re.compile(r"\W*[■█▇▓●]{2,}\W*|[^\W\d_]{0,2}\*{2,}[^\W\d_]{0,3}")
_ORDER = (
    (_EMAIL, EMAIL), (_HANDLE, HANDLE), (_MONEY, MONEY), (_PERCENT, PERCENT), (_TIME, TIME), (_DATE, DATE),
    (_MASK, MASK), (_URL, URL),
)  # fmt: skip
_MAY_BE_SPECIAL = re.compile(r"[\d@.*■█▇▓●$€£₹₽¥%]|www|http|[(\[{]at[)\]}]")


def kind_of(word: str) -> str | None:
    """The place-holder of a folded token that is an address, number or the like; None for a word.

    >>> [kind_of(w) for w in ("jo@acme.example", "+447700900123", "$50", "15:30", "2.500", "@jo_designs", "hello", "v2")]
    ['<email>', '<phone>', '<money>', '<time>', '<n4>', '<handle>', None, None]
    """
    if not _MAY_BE_SPECIAL.search(word):
        return None
    for pattern, kind in _ORDER:
        if pattern.fullmatch(word):
            return f"{URL}{_host(word)}" if kind is URL else kind
    if _NUMBER.fullmatch(word):
        digits = sum(character.isdigit() for character in word)
        if _LOCAL_PHONE.fullmatch(word) or (9 <= digits <= 15 and _PHONE.fullmatch(word) and not _GROUPED.fullmatch(word)):
            return PHONE
        return f"<n{min(digits, 9)}>"
    return None


def _host(url: str) -> str:
    host = re.sub(r"^(?:https?://)?(?:www\.)?", "", url).split("/")[0]
    return host[:60]
