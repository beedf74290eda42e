"""Profile texts to one document per id: what stands on what, and whose value each one is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from phantomgpu.errors import ProfileError, UnknownNameError, nearest
from phantomgpu.hardware.check import Document, leaves, place, read_document, require
from phantomgpu.hardware.gpu import Basis
from phantomgpu.hardware.schema import SCHEMAS
from phantomgpu.hardware.toml import overlaid, sources_of

WORDS: Final = {"gpus": "GPU", "architectures": "architecture", "runtimes": "runtime"}
"""What people call the profiles of a folder."""


class File(NamedTuple):
    """The text of one profile and the path people know it by."""

    origin: str
    text: str


class Step(NamedTuple):
    """One file on the way to a document: the layer it is, and what it says."""

    basis: Basis
    origin: str
    document: Document


@dataclass(frozen=True, slots=True)
class Read:
    """One id, with everything it stands on.

    Attributes:
        document: All keys, the most specific value of each.
        sources: Where each value comes from, by dotted key.
        steps: The files it was read from, the most specific last.
        file: That last one.
    """

    document: Document
    sources: Mapping[str, str]
    steps: tuple[Step, ...]
    file: File


Layers = Mapping[tuple[str, str], Sequence[File]]
"""Files by folder and id, each id's in the order in which they stand on one another."""


def sorted_in(files: Mapping[str, str]) -> dict[tuple[str, str], list[File]]:
    """Files by the folder and id that their paths name.

    Raises:
        ProfileError: A path is no place for a profile.
    """
    layers: dict[tuple[str, str], list[File]] = {}
    for path, text in files.items():
        folder, _, file_name = path.replace("\\", "/").rpartition("/")
        kind = folder.rpartition("/")[2]
        if kind not in SCHEMAS or not file_name.endswith(".toml"):
            raise ProfileError(
                f"{path} is no place for a profile",
                where=path,
                fix=f"put it into {', '.join(f'{name}/' for name in SCHEMAS)} as <id>.toml",
            )
        layers.setdefault((kind, file_name.removesuffix(".toml")), []).append(File(path, text))
    return layers


def ids(layers: Layers, kind: str) -> tuple[str, ...]:
    """The ids of a folder, in alphabetical order."""
    return tuple(sorted(name for folder, name in layers if folder == kind))


def unknown(what: str, name: str, known: Iterable[str], *, where: str, add: str) -> Exception:
    """The error for a name that is not there, with the nearest three that are."""
    names = list(known)
    close = ", ".join(nearest(name, names)) if names else ""
    fix = f"the nearest are {close}" if close else f"add {add}"
    return UnknownNameError(what, where=where, fix=fix)


def read(layers: Layers, kind: str, name: str) -> Read:
    """The complete document of an id that is there.

    Raises:
        TomlError: A text is not what it must be.
        ProfileError: A required key is missing, or profiles extend each other in a circle.
        UnknownNameError: One extends another that is not there.
    """
    found = _standing(layers, kind, name, len(layers[kind, name]) - 1, ())
    require(found.document, kind=kind, origin=found.file.origin, text=found.file.text)
    return found


def _standing(
    layers: Layers, kind: str, name: str, depth: int, above: tuple[tuple[str, int], ...]
) -> Read:
    """The document of an id's file number ``depth``, on top of what it extends."""
    file = layers[kind, name][depth]
    document = read_document(file.text, kind=kind, origin=file.origin)
    own = Step("calibrated", file.origin, document)
    if "extends" not in document:
        return Read(document, sources_of(document), (own,), file)
    chain = (*above, (name, depth))
    base, base_depth = _extended(layers, kind, document["extends"], file, chain)
    below = _standing(layers, kind, base, base_depth, chain)
    merged = overlaid(below.document, document)
    replaced = {".".join(path) for path, _ in leaves(document)}
    there = {".".join(path) for path, _ in leaves(merged)} - replaced
    # What was measured on another board is the best guess for a variant, and no more than that.
    inherited = (
        below.steps if base == name else [s._replace(basis="architecture") for s in below.steps]
    )
    return Read(
        merged,
        {key: source for key, source in below.sources.items() if key in there}
        | sources_of(document),
        (*inherited, own),
        file,
    )


def _extended(
    layers: Layers, kind: str, base: str, file: File, chain: tuple[tuple[str, int], ...]
) -> tuple[str, int]:
    """Id and number of the file that ``extends`` means: its own id is the file below it."""
    name, depth = chain[-1]
    where = place(file.text, file.origin, ("extends",))
    if (kind, base) not in layers:
        raise unknown(
            f'"{name}" extends "{base}", which does not exist', base, ids(layers, kind),
            where=where, add=f"{kind}/{base}.toml",
        )  # fmt: skip
    step = (base, depth - 1 if base == name else len(layers[kind, base]) - 1)
    if step in chain or step[1] < 0:
        circle = " -> ".join([*(link for link, _ in chain), base])
        raise ProfileError(
            f"profiles extend each other in a circle: {circle}",
            where=where,
            fix="let one of them stand on its own",
        )
    return step
