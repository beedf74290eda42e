"""Diffusion models from their configurations: the published sizes and products of every part."""

import json
from typing import Any

import pytest

from phantomgpu.errors import ModelError
from phantomgpu.families import build
from phantomgpu.families.config import Config
from phantomgpu.families.diffusion_dit import denoiser_graph
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


SD3 = {
    "_class_name": "SD3Transformer2DModel", "num_layers": 24, "attention_head_dim": 64,
    "num_attention_heads": 24, "joint_attention_dim": 4096, "caption_projection_dim": 1536,
    "pooled_projection_dim": 2048, "in_channels": 16, "out_channels": 16, "patch_size": 2,
    "sample_size": 128,
}  # fmt: skip
FLUX = {
    "_class_name": "FluxTransformer2DModel", "attention_head_dim": 128, "guidance_embeds": True,
    "in_channels": 64, "joint_attention_dim": 4096, "num_attention_heads": 24, "num_layers": 19,
    "num_single_layers": 38, "pooled_projection_dim": 768,
}  # fmt: skip
VAE = {"block_out_channels": [128, 256, 512, 512], "latent_channels": 16, "layers_per_block": 2,
       "up_block_types": ["UpDecoderBlock2D"] * 4, "use_post_quant_conv": False}  # fmt: skip
T5 = {
    "architectures": ["T5EncoderModel"], "model_type": "t5", "d_model": 4096, "d_kv": 64,
    "d_ff": 10240, "num_layers": 24, "num_heads": 64, "vocab_size": 32128,
    "feed_forward_proj": "gated-gelu",
}  # fmt: skip


@pytest.mark.parametrize(
    ("config", "text", "parameters", "products"),
    [
        (SD3, 333, 2_028_328_000, 4_452_168_769_536),
        (SD3 | {"qk_norm": "rms_norm", "dual_attention_layers": list(range(13))}, 333,
         2_243_171_520, 5_624_786_853_888),
        (FLUX, 512, 11_901_408_320, 37_192_326_709_248),
    ],
    ids=["SD3 medium", "SD3.5 medium", "FLUX.1 dev"],
)  # fmt: skip
def test_a_transformer_that_denoises_is_the_published_one(config, text, parameters, products):
    graph, count = denoiser_graph(Config(config, "transformer/config.json"), "transformer")

    assert count == parameters
    assert macs(run(graph, 128, text=text)) == products


def pipeline_of(sdxl: Json, name: str, transformer: Json, *encoders: Json) -> Json:
    parts = {f"text_encoder{'' if not k else f'_{k + 1}'}": one for k, one in enumerate(encoders)}
    index = {part: ["transformers", "x"] for part in parts}
    index |= {"_class_name": name, "transformer": ["diffusers", "x"], "vae": ["diffusers", "x"]}
    files = {f"{part}/config.json": values for part, values in parts.items()}
    return files | {
        "model_index.json": index, "transformer/config.json": transformer, "vae/config.json": VAE,
    }  # fmt: skip


def test_a_run_of_flux_reads_t5_once_and_takes_one_evaluation_a_step(sdxl):
    clip = sdxl["text_encoder/config.json"]
    flux = build(pipeline_of(sdxl, "FluxPipeline", FLUX, clip, T5), name="flux")

    assert [part.name for part in flux.parts] == [
        "text-encoder", "text-encoder-2", "transformer", "vae-decoder"
    ]  # fmt: skip
    assert flux.main.dims == {"latent_height": 128, "latent_width": 128, "text": 512}
    assert (flux.steps, flux.main.evaluations) == (28, 1)
    assert flux.parameters == 11_901_408_320 + 123_060_480 + 4_762_310_656 + 49_545_475


def test_a_flux_that_is_told_no_guidance_takes_few_steps(sdxl):
    clip = sdxl["text_encoder/config.json"]
    quick = FLUX | {"guidance_embeds": False}

    assert build(pipeline_of(sdxl, "FluxPipeline", quick, clip, T5), name="flux").steps == 4


def test_sd3_is_told_the_tokens_of_clip_and_of_t5(sdxl):
    encoders = (sdxl["text_encoder/config.json"], sdxl["text_encoder_2/config.json"], T5)
    sd3 = build(pipeline_of(sdxl, "StableDiffusion3Pipeline", SD3, *encoders), name="sd3")

    assert sd3.main.dims["text"] == 77 + 256
    assert (sd3.steps, sd3.main.evaluations) == (28, 2)


def test_a_pipeline_of_stable_diffusion_is_the_sum_of_its_parts(sdxl):
    made = build(sdxl, name="sdxl")

    assert [part.evaluations for part in made.parts] == [2, 2, 2, 1]
    assert [part.per_step for part in made.parts] == [False, False, True, False]
    assert made.parameters == 2_567_463_684 + 49_490_199 + 123_060_480 + 694_659_840


def test_a_network_that_paints_into_an_image_is_told_it_and_the_mask(sdxl):
    index = sdxl["model_index.json"] | {"_class_name": "StableDiffusionXLInpaintPipeline"}
    unet = sdxl["unet/config.json"] | {"in_channels": 9}
    files = sdxl | {"model_index.json": index, "unet/config.json": unet}

    made, plain = build(files, name="fills in"), build(sdxl, name="sdxl")

    assert made.parameters - plain.parameters == 3 * 3 * (9 - 4) * 320
    assert any("painted into" in note for note in made.notes)
