import re

from phantomgpu.onnx import limits


def test_the_documentation_states_every_limit(repository):
    page = (repository / "docs" / "reading-onnx.md").read_text(encoding="utf-8")
    numbers = {int(text.replace(",", "")) for text in re.findall(r"\d[\d,]*\d", page)}
    numbers |= {2 ** int(power) for power in re.findall(r"2\^(\d+)", page)}

    stated = {name: value for name, value in vars(limits).items() if name.startswith("MAX_")}
    assert {name for name, value in stated.items() if value not in numbers} == set()
