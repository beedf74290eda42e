"""A model is found by any usual spelling of its name, and nothing else is taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phantomgpu.cli.folders import open_app
from phantomgpu.comparison.search import distance, exact, meant, ranked, searched, words
from phantomgpu.errors import UnknownNameError

MODELS = [
    ("resnet50", ["resnet50", "ResNet-50"], "image classification"),
    ("resnet101", ["resnet101", "ResNet-101"], "image classification"),
    ("llama-3-8b", ["llama-3-8b", "Llama 3 8B", "Meta-Llama-3-8B"], "text generation"),
    ("llama-2-7b", ["llama-2-7b", "Llama 2 7B"], "text generation"),
    ("llama-2-70b", ["llama-2-70b", "Llama 2 70B"], "text generation"),
    ("yolov8s", ["yolov8s", "YOLOv8s"], "object detection"),
    ("yolov8x", ["yolov8x", "YOLOv8x"], "object detection"),
    ("sdxl", ["sdxl", "Stable Diffusion XL", "stable-diffusion-xl-base-1.0"], "images from text"),
    ("whisper-large", ["whisper-large", "Whisper large"], "speech recognition"),
    ("whisper-small", ["whisper-small", "Whisper small"], "speech recognition"),
]
SHELF = [searched(*model) for model in MODELS]


@pytest.mark.parametrize(
    ("typed", "model"),
    [
        ("llama3 8b", "llama-3-8b"),
        ("Llama-3-8B", "llama-3-8b"),
        ("llama 3 8b instruct", "llama-3-8b"),
        ("8b llama 3", "llama-3-8b"),
        ("LLAMA2_7B", "llama-2-7b"),
        ("sdxl", "sdxl"),
        ("SD XL", "sdxl"),
        ("stable diffusion xl", "sdxl"),
        ("stable diffusion", "sdxl"),
        ("yolo v8 small", "yolov8s"),
        ("yolov8s", "yolov8s"),
        ("YOLOv8-S", "yolov8s"),
        ("yolov8 extra large", "yolov8x"),
        ("resnet 50", "resnet50"),
        ("whisper l", "whisper-large"),
    ],
)
def test_a_usual_spelling_means_one_model(typed, model):
    assert meant(typed, SHELF) == [model]


def test_a_name_that_may_mean_several_gives_all_of_them():
    assert meant("whisper", SHELF) == ["whisper-large", "whisper-small"]
    assert meant("llama 2", SHELF) == ["llama-2-7b", "llama-2-70b"]


@pytest.mark.parametrize("typed", ["llama 2 13b", "resnet152", "yolov8n", "sd3", "hisper", "text"])
def test_another_model_of_a_family_is_none_of_those_that_are_there(typed):
    assert meant(typed, SHELF) == []


def test_a_list_is_searched_by_what_models_are_for_too():
    assert ranked("speech", SHELF) == ["whisper-large", "whisper-small"]
    assert ranked("", SHELF) == [key for key, _, _ in MODELS]


def test_the_closest_name_comes_first():
    assert ranked("resnet", SHELF) == ["resnet50", "resnet101"]
    assert ranked("llama-2-7", SHELF) == ["llama-2-7b", "llama-2-70b"]


def test_the_first_digits_of_a_number_list_models_and_mean_none():
    assert ranked("resnet 1", SHELF) == ["resnet101"]
    assert meant("resnet 1", SHELF) == []


@given(st.text(max_size=30))
def test_any_text_is_answered(typed):
    assert set(exact(typed, SHELF)) <= set(meant(typed, SHELF)) <= set(ranked(typed, SHELF))


@given(
    st.sampled_from([name for _, names, _ in MODELS for name in names]), st.sampled_from("-_ /.")
)
def test_punctuation_and_case_do_not_matter(name, mark):
    written = name.upper().replace(" ", mark).replace("-", mark)

    assert distance(words(written), words(name)) == 0


def test_no_two_built_in_models_share_a_name():
    models = open_app()._shelf.library.models
    named = [(model.id, [model.id, model.title, *model.aliases], "") for model in models]
    shelf = [searched(*model) for model in named]

    for key, names, _ in named:
        for name in names:
            assert exact(name, shelf) == [key], name


@pytest.mark.parametrize(
    ("typed", "model"),
    [("resnet 50", "resnet50"), ("yolo v8 small", "yolov8s"), ("ViT base", "vit-b16"),
     ("vit large", "vit-l16"), ("sd xl", "sdxl"),
     ("llama3 8b", "llama-3-8b"), ("Stable Diffusion", "sd15"), ("mistral", "mistral-7b"),
     ("BERT Large", "bert-large"), ("rt detr", "rt-detr-r50"), ("wav2vec", "wav2vec2-base")],
)  # fmt: skip
def test_a_built_in_model_is_found(typed, model):
    assert open_app()._shelf.library.get(typed).id == model


def test_an_ambiguous_name_is_refused_with_the_candidates():
    with pytest.raises(UnknownNameError) as caught:
        open_app()._shelf.library.get("efficientnet")

    assert caught.value.what == "'efficientnet' may be any of 2 models"
    assert "efficientnet-b0, efficientnet-b4" in caught.value.fix
