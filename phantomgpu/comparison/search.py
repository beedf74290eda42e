"""A name as people write it -> the models it may mean, best first.

The page searches before the engine is there, in MicroPython, so this module imports nothing and
uses nothing that MicroPython lacks; it is served beside the page's own modules, which import it by
its name here. Models come as ``(id, names, about)``: all names by which people know one, the id
among them, and words that say what it is for.
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
    found = []
    kind = ""
    for char in text.lower():
        now = "digit" if char.isdigit() else "letter" if char.isalpha() else ""
        if now and now == kind:
            found[-1] += char
        elif now:
            found.append(char)
        kind = now
    joined = []
    for word in found:
        if word == "large" and joined and joined[-1] in ("extra", "x"):
            joined[-1] = "x"
        else:
            joined.append(SIZES.get(word, word))
    return [word for word in joined if word not in NOISE] or joined


def distance(query: str, name: str) -> int:
    """How far a name is from what was typed: 0 is the same name, below 0 is no match.

    >>> distance("resnet 50", "ResNet-50"), distance("8b llama3", "Llama 3 8B")
    (0, 0)
    >>> distance("resnet", "ResNet-50") < distance("net", "ResNet-50"), distance("bert", "ResNet")
    (True, -1)
    """
    asked, known = words(query), words(name)
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


def _match(word: str, known: list[str]) -> "str | None":
    """The word of a name that a typed one stands for: the same, or letters that begin so."""
    if word in known:
        return word
    for other in known:
        if len(word) > 1 and word.isalpha() and other.startswith(word):
            return other
    return None


def ranked(query: str, models: "list[tuple[str, list[str], str]]") -> list[str]:
    """Ids of the models that may be meant, best first; all where nothing was typed.

    >>> shelf = [("vit-b16", ["vit-b16", "ViT base"], "image classification"),
    ...          ("bert", ["bert"], "text encoding")]
    >>> ranked("vit", shelf), ranked("text", shelf), ranked("", shelf)
    (['vit-b16'], ['bert'], ['vit-b16', 'bert'])
    """
    if not words(query):
        return [entry[0] for entry in models]
    found = []
    for place, (key, names, about) in enumerate(models):
        far = [one for one in [distance(query, name) for name in names] if one >= 0]
        if not far and _is_about(query, names, about):
            far = [ABOUT]
        if far:
            found.append((min(far), place, key))
    return [key for _, _, key in sorted(found)]


def exact(query: str, models: "list[tuple[str, list[str], str]]") -> list[str]:
    """Ids of the models that have exactly that name, however it is written."""
    return [
        key for key, names, _ in models if any(distance(query, name) == EXACT for name in names)
    ]


def meant(query: str, models: "list[tuple[str, list[str], str]]") -> list[str]:
    """Ids of the models that a name may mean: one where it is clear, else all candidates.

    A part of a word is not enough, and neither is what a model is for.
    """
    same = exact(query, models)
    if same:
        return same
    found = []
    for place, (key, names, _) in enumerate(models):
        far = [one for one in [distance(query, name) for name in names] if 0 <= one < INSIDE]
        if far:
            found.append((min(far), place, key))
    return [key for _, _, key in sorted(found)]


def _is_about(query: str, names: list[str], about: str) -> bool:
    """Whether every word typed begins one of a name or of what the model is for."""
    known = words(" ".join([*names, about]))
    return all(any(other.startswith(word) for other in known) for word in words(query))
