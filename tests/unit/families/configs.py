"""Small configurations, valid by default, in the keys that each family publishes."""

from typing import Any

Json = dict[str, Any]


def llama(**changed: Any) -> Json:
    return {
        "model_type": "llama", "hidden_size": 64, "intermediate_size": 160,
        "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
        "vocab_size": 100, "max_position_embeddings": 512,
    } | changed  # fmt: skip


def deepseek(**changed: Any) -> Json:
    return llama(
        model_type="deepseek_v3", moe_intermediate_size=32, n_shared_experts=1, n_routed_experts=8,
        num_experts_per_tok=2, first_k_dense_replace=1, q_lora_rank=24, kv_lora_rank=32,
        qk_rope_head_dim=8, qk_nope_head_dim=16, v_head_dim=16,
    ) | changed  # fmt: skip


def mixtral(**changed: Any) -> Json:
    return llama(model_type="mixtral", num_local_experts=8, num_experts_per_tok=2) | changed


def gemma2(**changed: Any) -> Json:
    return llama(
        model_type="gemma2", num_hidden_layers=4, head_dim=16, sliding_window=32,
        attn_logit_softcapping=50.0, final_logit_softcapping=30.0, tie_word_embeddings=True,
    ) | changed  # fmt: skip
