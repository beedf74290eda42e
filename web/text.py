"""Figures and names as people read them: seconds, bytes and rates become words here only."""

import math

BOARD_GB_BYTES = 1024 * 1024 * 1024


def escaped(text):
    """Text that may stand in HTML, inside an attribute too."""
    text = str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&quot;").replace("'", "&#39;")


def figure(value):
    """A number to three significant digits, as the command line's tables print it.

    >>> [figure(v) for v in (0.0123456, 1.23456, 99.96, 12345.6)]
    ['0.0123', '1.23', '100', '12,346']
    """
    if value is None:
        return "–"
    if value == 0:
        return "0"
    short = float("{:.2e}".format(value))
    decimals = 2 - math.floor(math.log10(abs(short)) + 1e-12)
    if decimals <= 0:
        return grouped(value)
    return ("{:." + str(decimals) + "f}").format(short)


def grouped(value):
    """A whole number with its thousands apart; MicroPython's ``format`` knows no comma.

    >>> grouped(12345.6), grouped(999), grouped(-1234567)
    ('12,346', '999', '-1,234,567')
    """
    digits = "{:.0f}".format(abs(value))
    parts = []
    while len(digits) > 3:
        parts.append(digits[-3:])
        digits = digits[:-3]
    parts.append(digits)
    parts.reverse()
    return ("-" if value < 0 else "") + ",".join(parts)


def exact(value):
    """A figure as `compare --json` prints it: six significant digits lose nothing.

    >>> exact(1.89731), exact(812345678)
    ('1.89731', '812345678')
    """
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    return "{:.6g}".format(value)


def duration(value_ms):
    """Milliseconds in the unit that reads best, never broken over two lines.

    >>> [duration(value).replace("\\u00a0", " ") for value in (0.5123, 12.34, 1234.5)]
    ['512 µs', '12.3 ms', '1.23 s']
    """
    if value_ms >= 999.5:
        return figure(value_ms / 1000) + "\u00a0s"
    if value_ms < 0.9995:
        return figure(value_ms * 1000) + "\u00a0µs"
    return figure(value_ms) + "\u00a0ms"


def milliseconds(value_ms):
    """A latency in the unit of the tables, but a long one in seconds; never over two lines.

    >>> [milliseconds(value).replace("\\u00a0", " ") for value in (0.89731, 59788)]
    ['0.897 ms', '59.8 s']
    """
    if value_ms is not None and value_ms >= 9999.5:
        return figure(value_ms / 1000) + "\u00a0s"
    return figure(value_ms) + "\u00a0ms"


def board_gb(value):
    """Bytes in the GB of board memory: makers and users write 24 GB for 24 x 2^30 bytes.

    >>> board_gb(85899345920), board_gb(812345678)
    ('80', '0.76')
    """
    amount = value / BOARD_GB_BYTES
    if amount >= 9.95:
        return whole_or_tenth(amount)
    return trimmed("{:.2f}".format(amount))


def whole_or_tenth(amount):
    """One decimal where it says something.

    >>> whole_or_tenth(80.0), whole_or_tenth(31.24)
    ('80', '31.2')
    """
    return trimmed("{:.1f}".format(amount))


def trimmed(text):
    """A decimal without trailing zeros."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def file_size(value):
    """Bytes of a file, in the decimal units that file managers show.

    >>> file_size(102_400_000), file_size(980)
    ('102 MB', '980 B')
    """
    for limit, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if value >= limit:
            return "{} {}".format(trimmed(figure(value / limit)), unit)
    return "{} B".format(value)


def count(value):
    """A large count with its prefix.

    >>> count(25_557_032), count(4_089_184_256), count(122)
    ('25.6 M', '4.09 G', '122')
    """
    for limit, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= limit:
            scaled = value / (1e3 if prefix == "k" else limit)
            return "{} {}".format(figure(scaled), prefix)
    return grouped(value)


def listed(words):
    """Words as an English list.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    words = list(words)
    if len(words) < 2:
        return "".join(words)
    return "{} and {}".format(", ".join(words[:-1]), words[-1])


def percent(share):
    """A share in percent; a small one is not called nothing.

    >>> percent(0.914), percent(0.0004), percent(0)
    ('91 %', '< 1 %', '0 %')
    """
    if 0 < share < 0.005:
        return "< 1 %"
    return "{:.0f} %".format(100 * share)


def capital(text):
    """A text with a capital first letter, unless it begins with a name.

    >>> capital("needs 31.2 of 24 GB"), capital("model.pt is no model"), capital("")
    ('Needs 31.2 of 24 GB', 'model.pt is no model', '')
    """
    first = text.split(" ")[0]
    if any(mark in first for mark in "._-/'"):
        return text
    return text[:1].upper() + text[1:]


def plural(amount, word):
    """A count with its word.

    >>> plural(1, "GPU"), plural(4, "GPU")
    ('1 GPU', '4 GPUs')
    """
    return "{} {}{}".format(amount, word, "" if amount == 1 else "s")


def short_name(name):
    """A GPU's name without its brand, for places where it is one of many.

    >>> short_name("GeForce RTX 4090"), short_name("Tesla T4"), short_name("A100 SXM4 80GB")
    ('RTX 4090', 'T4', 'A100 SXM4 80GB')
    """
    for brand in ("NVIDIA ", "AMD ", "Intel ", "GeForce ", "Tesla ", "Instinct ", "Radeon "):
        if name.startswith(brand):
            name = name[len(brand) :]
    return name


def architecture_name(name):
    """An architecture's id as people write it.

    >>> architecture_name("hopper"), architecture_name("cdna3"), architecture_name("xe-hpg")
    ('Hopper', 'CDNA3', 'Xe-hpg')
    """
    if any(char.isdigit() for char in name) and "-" not in name:
        return name.upper()
    return name[:1].upper() + name[1:]
