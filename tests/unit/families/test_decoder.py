"""Decoders from their configurations: sizes, caches, what a run does."""

import pytest

from phantomgpu.errors import ModelError
from phantomgpu.families import Definition, build
from phantomgpu.families.builder import in_stacks
from phantomgpu.onnx import infer_shapes
from phantomgpu.workload import Workload, lower
from tests.unit.families import configs
from tests.unit.families.configs import Json


def defined(config: Json) -> Definition:
    return build({"config.json": config}, name="a model")


def run(config: Json, *, batch: int = 1, sequence: int = 1, past: int = 0, fusion=()) -> Workload:
    graph = defined(config).parts[0].graph
    dims = {"sequence": sequence, "past": past}
    return lower(graph, fusion=fusion, casts="none", runtime="x", dims=dims).at(batch, "fp16")


def macs(work: Workload) -> float:
    return float((work.kernels.matrix_flops * work.kernels.count).sum()) / 2


LLAMA_LAYER = 64 * 64 * 2 + 64 * 32 * 2 + 3 * 64 * 160


def test_a_llama_has_the_parameters_that_its_configuration_says():
    assert defined(configs.llama()).parameters == 3 * (LLAMA_LAYER + 2 * 64) + 2 * 100 * 64 + 64


def test_tied_embeddings_are_counted_once():
    tied = configs.llama(tie_word_embeddings=True)

    assert defined(configs.llama()).parameters - defined(tied).parameters == 100 * 64


def test_the_weights_in_memory_are_the_parameters():
    definition = defined(configs.llama())

    work = run(configs.llama(), sequence=16)

    angles_and_index = 8 * 2 + 8
    assert work.weight_bytes == 2 * definition.parameters + angles_and_index


def test_a_prompt_costs_its_products_and_its_attention():
    work = run(configs.llama(), sequence=16)

    products = 16 * LLAMA_LAYER
    attention = 4 * 16 * 16 * 16 * 2

    assert macs(work) == 3 * (products + attention) + 64 * 100


def test_a_step_attends_to_what_was_kept_and_reads_it_once():
    near, far = (run(configs.llama(), past=past) for past in (10, 110))

    read = [float((w.kernels.read_bytes * w.kernels.count).sum()) for w in (near, far)]

    kept = defined(configs.llama()).generation
    assert kept is not None
    assert read[1] - read[0] == 100 * 2 * kept.cache_elements_per_token
    assert macs(far) - macs(near) == 3 * 100 * 4 * 16 * 2


def test_a_model_of_eighty_layers_has_the_graph_of_one():
    deep, flat = (defined(configs.llama(num_hidden_layers=n)).parts[0].graph for n in (80, 1))

    assert len(deep.nodes) == len(flat.nodes)


def test_a_window_bounds_what_a_layer_attends_to_and_reads():
    near, far = (run(configs.gemma2(), past=past) for past in (100, 200))

    read = [float((w.kernels.read_bytes * w.kernels.count).sum()) for w in (near, far)]

    generation = defined(configs.gemma2()).generation
    assert generation is not None
    assert generation.window_tokens == 32
    assert generation.cache_elements_per_token == generation.window_elements_per_token
    assert read[1] - read[0] == 100 * 2 * generation.cache_elements_per_token


def test_one_token_reads_the_experts_it_is_sent_to_and_many_read_all():
    one, many = (run(configs.mixtral(), sequence=n) for n in (1, 1000))

    expert = 3 * 64 * 160 * 2
    weights = [float((w.kernels.weight_bytes * w.kernels.count).sum()) for w in (one, many)]

    assert weights[1] - weights[0] == pytest.approx(3 * 6 * expert + 99 * 64 * 2)


def test_every_batch_reads_the_experts_that_it_is_expected_to_touch():
    graph = defined(configs.mixtral()).parts[0].graph
    schedule = lower(graph, fusion=(), casts="none", runtime="x", dims={"sequence": 1, "past": 8})

    for batch in (1, 2, 3, 5, 9, 32):
        kernels = schedule.at(batch, "fp16").kernels
        grouped = kernels.m[(kernels.family == 0) & (kernels.batch > 1)]
        names = schedule.at(batch, "fp16").names
        read = sum(
            float(bytes_ * count)
            for bytes_, count, name in zip(kernels.weight_bytes, kernels.count, names, strict=True)
            if name.op == "ExpertMatMul"
        )
        touched = 8 * (1 - (1 - 2 / 8) ** batch)
        assert read == pytest.approx(3 * 3 * touched * 64 * 160 * 2, rel=1e-3)
        assert len(grouped)


def test_latent_attention_keeps_one_latent_for_all_heads():
    generation = defined(configs.deepseek()).generation

    assert generation is not None
    assert generation.cache_elements_per_token == 3 * (32 + 8)


def test_a_step_of_latent_attention_stays_in_the_latent_space():
    near, far = (run(configs.deepseek(), past=past) for past in (10, 110))

    read = [float((w.kernels.read_bytes * w.kernels.count).sum()) for w in (near, far)]

    assert read[1] - read[0] == 100 * 2 * 3 * (32 + 8)
    assert macs(far) - macs(near) == 3 * 100 * 4 * (2 * 32 + 8)


def test_a_prompt_of_latent_attention_makes_the_keys_of_all_heads():
    short, long = (run(configs.deepseek(), sequence=n) for n in (16, 32))

    ops = {names.op for names in long.names}

    assert "Attention" in ops
    assert "LatentAttention" not in ops
    assert macs(long) > 2 * macs(short)


def test_layers_of_two_kinds_become_stacks():
    graph = defined(configs.deepseek()).parts[0].graph

    assert [node.attributes["num_scan_inputs"] > 0 for node in graph.nodes
            if node.op_type == "Scan"] == [True, True]  # fmt: skip
    assert list(in_stacks([1, 1, 2, 2, 2])) == [(2, [1]), (3, [2])]


def test_every_shape_is_known_and_nothing_is_assumed():
    for config in (configs.llama(), configs.deepseek(), configs.mixtral(), configs.gemma2()):
        graph = defined(config).parts[0].graph

        shaped = infer_shapes(graph, {"batch": 2, "sequence": 4, "past": 3})

        assert not shaped.assumptions
        assert shaped.tensors["logits"].dims == (2, 100)


def test_a_framework_with_strides_copies_nothing_between_layers():
    for config in (configs.llama(), configs.mixtral(), configs.gemma2()):
        names = run(config, past=8, fusion=("strided-views",)).names

        assert "Contiguous" not in {name.op for name in names}


def test_what_a_layer_hands_to_the_next_is_written():
    work = run(configs.llama(), sequence=16)

    added = [
        float(bytes_) for bytes_, name in zip(work.kernels.write_bytes, work.names, strict=True)
        if name.op == "Add"
    ]  # fmt: skip
    assert added == [16 * 64 * 2]


def test_weights_of_four_bits_leave_embedding_and_norms_at_sixteen():
    definition = defined(configs.llama())
    schedule = lower(
        definition.parts[0].graph, fusion=(), casts="none", runtime="x",
        dims={"sequence": 1, "past": 8},
    )  # fmt: skip

    wide, narrow = (schedule.at(1, precision).weight_bytes for precision in ("fp16", "int4"))

    products = 3 * LLAMA_LAYER + 100 * 64
    assert wide - narrow == products * 3 // 2


def test_an_unknown_family_is_an_error_that_names_those_known():
    with pytest.raises(ModelError) as caught:
        defined({"model_type": "mamba"})

    assert "'mamba'" in caught.value.what
    assert "llama" in caught.value.fix
    assert "phantomgpu convert" in caught.value.fix


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"hidden_size": None}, "hidden_size"),
        ({"hidden_size": "wide"}, "hidden_size"),
        ({"num_hidden_layers": 0}, "num_hidden_layers"),
        ({"num_attention_heads": 7}, "num_attention_heads"),
        ({"num_key_value_heads": 3}, "num_key_value_heads"),
        ({"hidden_act": "magic"}, "hidden_act"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_the_key_and_the_file(changed: Json, key: str):
    with pytest.raises(ModelError) as caught:
        defined(configs.llama(**changed))

    assert key in caught.value.what
    assert caught.value.where == "config.json"
