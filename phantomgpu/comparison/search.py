"""A name as people write it -> the models it may mean, best first.

The page searches before the engine is there, in MicroPython, so this module imports nothing and
uses nothing that MicroPython lacks; it is served beside the page's own modules, which import it by
its name here. An entry of what is searched is plain lists, made once by `searched` (on the page at
build time, since taking names apart takes longer than comparing them).
"""

SIZES = {
    "nano": "n",
    "tiny": "t",
    "small": "s",
    "base": "b",
    "medium": "m",
    "large": "l",
    "huge": "h",
    "xlarge": "x",
}
"""Words for sizes, and the letters that stand for them in names."""

NOISE = ("model", "the", "hf", "instruct", "chat", "it", "onnx", "pretrained")
"""Words that do not tell one architecture from another."""

EXACT = 0
STARTS = 10
WORDS = 20
INSIDE = 40
ABOUT = 60


def words(text: str) -> list[str]:
    """The words of a name: letters apart from digits, sizes as letters.

    >>> words("YOLO v8 small"), words("Llama-3-8B"), words("yolov8 extra-large")
    (['yolo', 'v', '8', 's'], ['llama', '3', '8', 'b'], ['yolov', '8', 'x'])
    """
    found: list[str] = []
    kind = ""
    for char in text.lower():
        now = "digit" if char.isdigit() else "letter" if char.isalpha() else ""
        if now and now == kind:
            found[-1] += char
        elif now:
            found.append(char)
        kind = now
    joined: list[str] = []
    for word in found:
        if word == "large" and joined and joined[-1] in ("extra", "x"):
            joined[-1] = "x"
        else:
            joined.append(SIZES.get(word, word))
    return [word for word in joined if word not in NOISE] or joined


def searched(key: str, names: "list[str]", about: str) -> "tuple[str, list[list[str]], list[str]]":
    """What is searched of a model.

    Args:
        key: Its id.
        names: All that people call it; the id is one of them.
        about: What it is for.

    >>> searched("vit-b16", ["ViT-B/16"], "image classification")
    ('vit-b16', [['vit', 'b', '16']], ['image', 'classification'])
    """
    return key, [words(name) for name in names], words(about)


def distance(asked: "list[str]", known: "list[str]") -> int:
    """How far a name is from what was typed, both as words: 0 is the same, below 0 is no match.

    >>> distance(words("8b llama3"), words("Llama 3 8B")), distance(words("bert"), words("ResNet"))
    (0, -1)
    """
    wanted, whole = "".join(asked), "".join(known)
    if not wanted:
        return -1
    if wanted == whole or sorted(asked) == sorted(known):
        return EXACT
    rest = len(whole) - len(wanted)
    if whole.startswith(wanted) and not (wanted[-1].isdigit() and whole[len(wanted)].isdigit()):
        return STARTS + min(9, rest)
    left = list(known)
    begun = 0
    for word in asked:
        match = _match(word, left)
        if match is None:
            return INSIDE + min(19, rest) if len(wanted) > 2 and wanted in whole else -1
        begun += match != word
        left.remove(match)
    return WORDS + min(9, len(left)) + min(9, begun)


def _match(word: str, known: "list[str]") -> "str | None":
    """The word of a name that a typed one stands for: the same, or letters that begin so."""
    if word in known:
        return word
    for other in known:
        if len(word) > 1 and word.isalpha() and other.startswith(word):
            return other
    return None


def ranked(query: str, entries: "list[tuple[str, list[list[str]], list[str]]]") -> "list[str]":
    """Ids of the models that may be meant, best first; all where nothing was typed.

    >>> shelf = [searched("vit-b16", ["vit-b16", "ViT base"], "image classification"),
    ...          searched("bert", ["bert"], "text encoding")]
    >>> ranked("vit", shelf), ranked("text", shelf), ranked("", shelf)
    (['vit-b16'], ['bert'], ['vit-b16', 'bert'])
    """
    asked = words(query)
    if not asked:
        return [key for key, _, _ in entries]
    return _nearest(asked, entries, ABOUT + 1)


def exact(query: str, entries: "list[tuple[str, list[list[str]], list[str]]]") -> "list[str]":
    """Ids of the models that have exactly that name, however it is written."""
    return _nearest(words(query), entries, EXACT + 1)


def meant(query: str, entries: "list[tuple[str, list[list[str]], list[str]]]") -> "list[str]":
    """Ids of the models that a name may mean: one where it is clear, else all candidates.

    A part of a word is not enough, and neither is what a model is for.
    """
    return exact(query, entries) or _nearest(words(query), entries, INSIDE)


def _nearest(
    asked: "list[str]", entries: "list[tuple[str, list[list[str]], list[str]]]", below: int
) -> "list[str]":
    """Ids of the models nearer than a distance, nearest first."""
    found = []
    for place, (key, names, about) in enumerate(entries):
        far = [one for one in [distance(asked, known) for known in names] if one >= 0]
        best = min(far) if far else ABOUT if _is_about(asked, names, about) else below
        if best < below:
            found.append((best, place, key))
    return [key for _, _, key in sorted(found)]


def _is_about(asked: "list[str]", names: "list[list[str]]", about: "list[str]") -> bool:
    """Whether every word typed begins one of a name or of what the model is for."""
    known = list(about)
    for name in names:
        known += name
    return bool(asked) and all(any(other.startswith(word) for other in known) for word in asked)
