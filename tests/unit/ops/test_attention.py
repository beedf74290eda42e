import pytest

from phantomgpu.errors import ShapeError
from tests.unit.ops.builders import asked

ORT = "com.microsoft"


def test_attention_multiplies_every_query_with_every_key_and_mixes_the_values():
    q, kv = (2, 12, 128, 64), (2, 12, 128, 64)
    done = asked("Attention", [q, kv, kv], [q], opset=23)

    assert done.family == "attention"
    assert done.macs == 2 * 12 * 128 * 128 * (64 + 64)
    p = done.parallel
    assert (p.batch, p.m, p.n, p.k, p.kv_groups) == (24, 128, 128, 64, 1)


def test_attention_of_three_dimensions_takes_its_heads_from_attributes():
    done = asked(
        "Attention",
        [(2, 10, 8 * 16), (2, 20, 4 * 16), (2, 20, 4 * 32)],
        [(2, 10, 8 * 32)],
        opset=23,
        q_num_heads=8,
        kv_num_heads=4,
    )

    assert done.macs == 2 * 8 * 10 * 20 * (16 + 32)
    assert done.parallel.kv_groups == 2


def test_past_keys_are_attended_to():
    done = asked(
        "Attention",
        [(1, 4, 1, 64), (1, 4, 1, 64), (1, 4, 1, 64), None, (1, 4, 99, 64), (1, 4, 99, 64)],
        [(1, 4, 1, 64), (1, 4, 100, 64), (1, 4, 100, 64)],
        opset=23,
    )

    assert done.parallel.n == 100
    assert done.macs == 4 * 100 * 128


def test_a_causal_mask_is_told_and_not_subtracted():
    shape = (1, 4, 128, 64)
    full = asked("Attention", [shape] * 3, [shape], opset=23)
    causal = asked("Attention", [shape] * 3, [shape], opset=23, is_causal=1)

    assert causal.parallel.causal
    assert causal.macs == full.macs


def test_a_window_limits_what_a_query_attends_to():
    shape = (1, 4, 128, 64)
    done = asked("Attention", [shape] * 3, [shape], opset=23, is_causal=1, left_window_size=31)

    assert done.parallel.n == 32


def test_multi_head_attention_takes_its_width_from_the_heads():
    done = asked(
        "MultiHeadAttention", [(2, 10, 128), (2, 20, 128), (2, 20, 128)], [(2, 10, 128)],
        domain=ORT, num_heads=8,
    )  # fmt: skip

    assert done.macs == 2 * 8 * 10 * 20 * 32


def test_multi_head_attention_reads_packed_queries():
    done = asked("MultiHeadAttention", [(2, 10, 8, 3, 16)], [(2, 10, 128)], domain=ORT, num_heads=8)

    assert done.macs == 2 * 8 * 10 * 10 * 32


def test_multi_head_attention_reads_keys_by_head():
    done = asked(
        "MultiHeadAttention", [(2, 10, 128), (2, 8, 20, 16), (2, 8, 20, 16)], [(2, 10, 128)],
        domain=ORT, num_heads=8,
    )  # fmt: skip

    assert done.macs == 2 * 8 * 10 * 20 * 32


def grouped(past, present, values=None, **attributes):
    return asked(
        "GroupQueryAttention",
        [(2, 1, 512), (2, 1, 128), (2, 1, 128), past, past, (2,), ()],
        [(2, 1, 512), present, present],
        domain=ORT,
        num_heads=8,
        kv_num_heads=2,
        values=values,
        **attributes,
    )


def test_grouped_queries_share_a_key_head_and_are_causal():
    done = grouped((2, 2, 99, 64), (2, 2, 100, 64))

    assert (done.parallel.kv_groups, done.parallel.causal) == (4, True)
    assert done.macs == 2 * 8 * 100 * 128


def test_a_growing_cache_is_written_whole():
    done = grouped((2, 2, 99, 64), (2, 2, 100, 64))

    assert done.written[1] == 2 * 2 * 100 * 64


def test_a_shared_cache_is_written_only_where_tokens_are_new_and_read_where_attended():
    done = grouped((2, 2, 2048, 64), (2, 2, 2048, 64), values={6: 100})

    assert done.parallel.n == 100
    assert done.written[1:] == (2 * 2 * 64, 2 * 2 * 64)
    assert done.read[3] == 2 * 2 * 100 * 64
    assert done.approximation == ""


def test_a_shared_cache_of_unknown_filling_is_taken_as_full_and_that_is_told():
    done = grouped((2, 2, 2048, 64), (2, 2, 2048, 64))

    assert done.parallel.n == 2048
    assert "full" in done.approximation


def test_packed_grouped_queries_carry_keys_and_values():
    done = asked(
        "GroupQueryAttention",
        [(1, 16, 12 * 64), None, None, None, None, (1,), ()],
        [(1, 16, 512), (1, 2, 16, 64), (1, 2, 16, 64)],
        domain=ORT, num_heads=8, kv_num_heads=2,
    )  # fmt: skip

    assert done.macs == 8 * 16 * 16 * 128


def test_rotary_embedding_inside_costs_three_operations_an_element():
    plain = grouped((2, 2, 99, 64), (2, 2, 100, 64))
    rotated = grouped((2, 2, 99, 64), (2, 2, 100, 64), do_rotary=1)

    assert rotated.vector_flops - plain.vector_flops == 3 * 2 * (8 + 2) * 64


def test_attention_of_onnx_runtime_projects_first():
    done = asked(
        "Attention", [(1, 64, 256), (256, 768), (768,)], [(1, 64, 256)], domain=ORT, num_heads=4
    )

    assert done.macs == 64 * 256 * 768 + 4 * 64 * 64 * 128


def test_quantised_attention_projects_in_integers():
    done = asked(
        "QAttention", [(1, 64, 256), (256, 768), (768,), (), ()], [(1, 64, 256)],
        domain=ORT, num_heads=4, dtypes=("uint8", "int8"),
    )  # fmt: skip

    assert done.matrix_dtype == "int8"


def test_packed_tokens_are_taken_as_equally_long_and_that_is_told():
    done = asked(
        "PackedMultiHeadAttention",
        [(96, 128), (96, 128), (96, 128), None, (3, 64), (4,)],
        [(96, 128)],
        domain=ORT, num_heads=8,
    )  # fmt: skip

    assert done.macs == 3 * 8 * 32 * 32 * 32
    assert "equally long" in done.approximation


def test_a_paged_cache_is_read_as_far_as_the_block_table_goes():
    cache = (1000, 16, 2, 64)
    done = asked(
        "PagedAttention",
        [(4, 512), (4, 128), (4, 128), cache, cache, (5,), (4,), (4, 10)],
        [(4, 512), cache, cache],
        domain=ORT, num_heads=8, kv_num_heads=2,
    )  # fmt: skip

    assert done.parallel.n == 160
    assert done.read[3] == 4 * 160 * 2 * 64
    assert done.written[1] == 4 * 2 * 64
    assert done.approximation


def test_longformer_attends_to_its_window():
    done = asked(
        "LongformerAttention",
        [(1, 512, 64), (64, 192), (192,), (1, 512), (64, 192), (192,), (1, 512)],
        [(1, 512, 64)],
        domain=ORT, num_heads=4, window=32,
    )  # fmt: skip

    assert done.parallel.n == 65


def test_one_decoded_token_attends_to_its_past():
    done = asked(
        "DecoderMaskedMultiHeadAttention",
        [(1, 1, 128), (1, 1, 128), (1, 1, 128), None, None, (1, 8, 99, 16), (1, 8, 99, 16)],
        [(1, 1, 128), (1, 8, 100, 16), (1, 8, 100, 16)],
        domain=ORT, num_heads=8,
    )  # fmt: skip

    assert done.macs == 8 * 100 * 32


def test_linear_attention_is_a_chain_whose_work_grows_with_the_tokens():
    def of(tokens):
        return asked(
            "LinearAttention",
            [(1, tokens, 256), (1, tokens, 256), (1, tokens, 512)],
            [(1, tokens, 512), (1, 4, 64, 128)],
            q_num_heads=4, kv_num_heads=4, update_rule="linear",
        )  # fmt: skip

    assert of(10).macs == 10 * 4 * 64 * 128 * 2
    assert of(20).macs == 2 * of(10).macs
    assert of(10).parallel.steps == 10


def test_attention_in_the_standard_domain_before_opset_23_is_that_of_onnx_runtime():
    done = asked("Attention", [(1, 64, 256), (256, 768)], [(1, 64, 256)], opset=14, num_heads=4)

    assert done.macs == 64 * 256 * 768 + 4 * 64 * 64 * 128


def test_no_heads_at_all_is_an_error():
    with pytest.raises(ShapeError, match="num_heads"):
        asked("MultiHeadAttention", [(2, 10, 128)], [(2, 10, 128)], domain=ORT, num_heads=0)
