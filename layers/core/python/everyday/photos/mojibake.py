"""Repairs the text of Instagram's data export.

Export: each byte of the text's UTF-8 is written as its own `\\u00XX`, so `é` arrives as `Ã©`. The repair
belongs after JSON parsing: before it, `\\u0022` would become a quotation mark and break the document.
"""


def repaired(text: str) -> str:
    """The text as it was typed. Text that is no mangled UTF-8 (a genuine `café`) is returned as it is."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def mangled(text: str) -> str:
    """The inverse: the text as an export writes it, for samples and tests."""
    return text.encode("utf-8").decode("latin-1")
