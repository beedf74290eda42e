"""Diffusion models from their configurations: the published sizes and products of every part."""

import json
from typing import Any

import pytest

from phantomgpu.errors import ModelError
from phantomgpu.families import build
from phantomgpu.families.config import Config
from phantomgpu.families.diffusion_unet import unet_graph
from phantomgpu.families.diffusion_vae import decoder_graph
from phantomgpu.onnx.graph import Graph
from phantomgpu.workload import Workload, lower

Json = dict[str, Any]


@pytest.fixture(scope="module")
def sd15(repository) -> Json:
    return json.loads((repository / "profiles" / "models" / "sd15.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def sdxl(repository) -> Json:
    return json.loads((repository / "profiles" / "models" / "sdxl.json").read_text("utf-8"))


def unet(files: Json, **changed: Any) -> tuple[Graph, int]:
    return unet_graph(Config(files["unet/config.json"] | changed, "unet/config.json"), "unet")


def run(graph: Graph, latent: int, *, batch: int = 1, text: int = 0) -> Workload:
    dims = {"latent_height": latent, "latent_width": latent, **({"text": text} if text else {})}
    return lower(graph, fusion=(), casts="none", runtime="x", dims=dims).at(batch, "fp16")


def macs(work: Workload) -> float:
    return float((work.kernels.matrix_flops * work.kernels.count).sum()) / 2


# Counted with diffusers 0.42.1 and torch's FlopCounterMode on the meta device.


def test_the_unet_of_stable_diffusion_is_the_published_one(sd15):
    graph, parameters = unet(sd15)

    assert parameters == 859_520_964
    assert macs(run(graph, 64, text=77)) == 401_636_720_640


def test_the_unet_of_sdxl_is_the_published_one(sdxl):
    graph, parameters = unet(sdxl)

    assert parameters == 2_567_463_684
    assert macs(run(graph, 128, text=77)) == 3_380_618_199_040


def test_the_decoder_of_latents_is_the_published_one(sd15):
    config = Config(sd15["vae/config.json"], "vae/config.json")
    graph, parameters = decoder_graph(config, "vae")

    assert parameters == 49_490_199
    assert macs(run(graph, 64)) == 1_257_259_466_752


def test_products_grow_with_the_batch_and_with_the_image(sd15):
    graph, _ = unet(sd15)
    one = macs(run(graph, 64, text=77))

    assert macs(run(graph, 64, text=77, batch=2)) == 2 * one
    assert macs(run(graph, 96, text=77)) > 9 / 4 * one  # attention grows faster than the image


def test_a_guidance_that_was_taught_is_a_product_of_the_time(sd15):
    _, without = unet(sd15)
    _, parameters = unet(sd15, time_cond_proj_dim=256)

    assert parameters - without == 256 * 320


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("down_block_types", ["AttnDownBlock2D"] * 4),
        ("block_out_channels", "many"),
        ("attention_head_dim", [8, 8]),
        ("mid_block_type", "UNetMidBlock2DSimpleCrossAttn"),
        ("addition_embed_type", "image"),
        ("resnet_time_scale_shift", "scale_shift"),
        ("layers_per_block", -1),
        ("norm_num_groups", 0),
    ],
)
def test_what_is_not_built_is_refused_with_its_key(sd15, key, value):
    with pytest.raises(ModelError) as caught:
        unet(sd15, **{key: value})

    assert key in caught.value.what
    assert caught.value.where == "unet/config.json"


def test_an_unknown_pipeline_is_named_with_the_way_out():
    with pytest.raises(ModelError) as caught:
        build({"model_index.json": {"_class_name": "FooPipeline"}}, name="foo")

    assert "FooPipeline" in caught.value.what
    assert "phantomgpu convert" in caught.value.fix


def test_a_part_that_is_missing_is_named(sd15):
    files = {path: values for path, values in sd15.items() if path != "unet/config.json"}

    with pytest.raises(ModelError, match=r"has no unet/config\.json"):
        build(files, name="x")
