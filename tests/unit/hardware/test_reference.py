"""The reference page and the JSON Schema are what the validator checks."""

import json
import math
import re

import pytest
import tomli

from phantomgpu.hardware.reference import json_schema, markdown
from phantomgpu.hardware.schema import SCHEMAS

WRITE = (
    "the schema has changed; write it anew: "
    "python -c \"from phantomgpu.hardware.reference import {0}; print({0}(), end='')\" > docs/{1}"
)


def test_page_in_the_repository_is_the_generated_one(repository):
    page = (repository / "docs" / "profiles.md").read_text(encoding="utf-8")

    assert page == markdown(), WRITE.format("markdown", "profiles.md")


def test_schema_in_the_repository_is_the_generated_one(repository):
    text = (repository / "docs" / "profile.schema.json").read_text(encoding="utf-8")

    assert text == json_schema(), WRITE.format("json_schema", "profile.schema.json")


def test_page_has_every_key():
    for keys in SCHEMAS.values():
        for key in keys:
            assert f"`{key.path}`" in markdown()


def test_every_key_has_a_meaning_that_is_a_sentence_and_a_range_that_is_one():
    for keys in SCHEMAS.values():
        for key in keys:
            assert key.meaning
            assert key.low < key.high
            assert key.kind in ("text", "texts") or key.high < math.inf


def problems(value, schema, path=""):
    """What is wrong with a document, for the part of JSON Schema that the generated one uses."""
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float)}
    named = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(isinstance(value, kinds[name]) for name in named):
        yield f"{path}: not {named}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: not one of {schema['enum']}"
    if isinstance(value, (int, float)) and not schema["minimum"] <= value <= schema["maximum"]:
        yield f"{path}: out of range"
    for item in value if isinstance(value, list) else ():
        yield from problems(item, schema["items"], f"{path}[]")
    for name, item in value.items() if isinstance(value, dict) else ():
        inner = schema["properties"].get(name) or schema["additionalProperties"]
        if inner:
            yield from problems(item, inner, f"{path}.{name}")
        else:
            yield f"{path}.{name}: unknown"


def test_every_profile_passes_the_json_schema(profile_texts):
    definitions = json.loads(json_schema())["definitions"]
    for path, text in profile_texts.items():
        kind = path.split("/")[1]

        assert list(problems(tomli.loads(text), definitions[kind])) == [], path


@pytest.mark.parametrize(
    "text", ["spec.sm_count = 1.5", "spec.tdp_w = 0", "nmae = 'x'", "status = 'X'", "spec.x = 1"]
)
def test_json_schema_refuses_what_the_validator_refuses(text):
    definitions = json.loads(json_schema())["definitions"]

    assert list(problems(tomli.loads(text), definitions["gpus"]))


def test_examples_of_the_page_are_profiles(catalog):
    examples = re.findall(r"```toml\n(.*?)```", markdown(), flags=re.DOTALL)

    assert len(examples) == 2
    for text in examples:
        gpu = catalog.with_profile("mine", text, "mine.toml").gpu("mine")
        assert gpu.warnings == ()
        assert gpu.sources["spec.tdp_w"]
