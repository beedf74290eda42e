"""A runtime as a profile describes it: what it fuses, what a launch costs, how it casts."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Serving:
    """How a runtime serves several requests for generated tokens at once.

    Attributes:
        batching: ``"in-flight"``: a request joins the running ones at the next step.
            ``"static"``: all prompts are processed, then all sequences grow together.
        chunk_tokens: Most prompt tokens of one pass; 0 where a prompt is processed whole.
        memory_share: Part of the board's memory that it takes, for all that it needs.
        cache_share: Part of what all else leaves of that, which the cache may fill.
        result_steps: Steps between the one that makes a token and the one that returns it.
        row_operations: Of the ordinary units for one multiply-add of a single row by weights of 16
            bits; 0 where the matrix units do that.
        quantises: Precisions at which activations are narrowed in kernels of their own, one in
            front of each dense product.
        library_rows: Rows above which a product goes to a library that multiplies 16 bits and adds
            up in 16: narrower weights are unpacked before it, activations of 32 bits converted
            around it, and attention over a prompt is two such products; 0 where its own kernels
            take everything as it is stored.
        request_s: Host time of a request beside its steps: received, tokenised, returned.
        prompt_slowdown: Of a pass over a prompt beside what its kernels take.
        step_slowdown: Likewise of a step that generates a token of each sequence.
        spread_ttft: Logarithm that 80 % of errors of the time to first token stay below; 0 where
            none were measured.
        spread_tpot: Likewise of the time per output token.
        kept: Modules that its narrow files keep in 16 bits, by the names in a model's nodes:
            ``"lm_head"``, and ``"gate"`` for the router of a mixture of experts.
        head_bits: Stored bits of a weight of ``lm_head`` by precision, where it is neither in 16
            bits nor stored as the others.
        weight_bits: Stored bits of a weight with its scales, by precision, where they are not
            those of the precision.
    """

    batching: str = "static"
    chunk_tokens: int = 0
    memory_share: float = 1.0
    cache_share: float = 1.0
    result_steps: float = 0.0
    row_operations: float = 0.0
    quantises: tuple[str, ...] = ()
    library_rows: int = 0
    request_s: float = 0.0
    prompt_slowdown: float = 1.0
    step_slowdown: float = 1.0
    spread_ttft: float = 0.0
    spread_tpot: float = 0.0
    kept: tuple[str, ...] = ()
    head_bits: Mapping[str, float] = field(default_factory=dict)
    weight_bits: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Runtime:
    """One runtime profile, checked.

    Attributes:
        id: The file's name without ``.toml``.
        name: For people.
        fusion: Names of the fusion rules it applies, in order (``workload/fusion.py`` lists them).
        casts: ``"none"`` (weights and activations are stored at the precision) or ``"autocast"``
            (weights stay fp32 and are cast on the way in, as torch.autocast does).
        launch_s: GPU-side gap between two dependent kernels.
        dispatch_s: Host time to issue one kernel; hidden when kernels are longer than it.
        start_s: Host and synchronisation time of one whole run.
        context_bytes: Memory the runtime itself holds on the device.
        workspace_bytes: Scratch memory for its kernels.
        precisions: What it can run.
        vendors: Whose GPUs it runs on.
        decode_groups: Fewest and most query heads to a KV head that share a block of its decoding
            kernel; others have a block each.
        prompt_group_most: Most query heads to a KV head that share a block of its prompt kernel.
        packs_prompts_on: Architecture on which that kernel takes all of a group, or empty.
        prompt_least: Fewest new tokens of a sequence that take its prompt kernel; fewer pack all of
            a group.
        unpacks_fp8_on: Architecture on which its attention kernels turn fp8 into 16 bits
            themselves, or empty.
        swaps_groups_on: Architectures on which a single query takes FlashAttention-2.
        decodes_alone_on: Those on which groups below the least decode with a block for each head,
            and a block of a larger group has an SM to itself.
        fills_rows_on: Those on which a decoding block has room for 64 queries, used or not.
        narrows_queries_on: Those on which queries over an fp8 cache are made fp8 in a kernel.
        multiplies_fp8_on: Those on which prompts are multiplied in fp8 where the cache is fp8.
        unfused_on: Those on which attention over a prompt is two products around a softmax.
        whole_heads_most: Queries of a sequence up to which a block of its prompt kernel holds all
            of a head's.
        slow_launch_on: Architectures on which the gap before a kernel is longer.
        held_columns_most: Elements up to which its normalisations keep a row in registers.
        whole_products: Peaks whose products it never splits along the reduced dimension.
        vector_rows_most: Rows up to which it leaves int8 products to the vector units.
        transposes_convs_on: Architectures on which convolutions read and write transposed copies of
            channels-first images.
        attention_on: Runtimes whose attention kernels it takes, by id of the architecture on which
            it does.
        models: What it serves: ``"any"`` model, or ``"language"`` models only.
        calibration: Fitted kernel-quality factors by parameter name.
        measured_on: Ids of the architectures that whole models were timed on under it.
        sources: By dotted key.
        origin: The path it was read from.
        serving: How it serves generated tokens.
    """

    id: str
    name: str
    fusion: tuple[str, ...]
    casts: str
    launch_s: float
    dispatch_s: float
    start_s: float
    context_bytes: int
    workspace_bytes: int
    precisions: tuple[str, ...]
    vendors: tuple[str, ...]
    calibration: Mapping[str, float] = field(default_factory=dict)
    measured_on: tuple[str, ...] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    models: str = "any"
    decode_groups: tuple[int, int] = (1, 1_000_000)
    prompt_group_most: int = 1_000_000
    packs_prompts_on: str = ""
    prompt_least: int = 2
    unpacks_fp8_on: str = ""
    swaps_groups_on: tuple[str, ...] = ()
    decodes_alone_on: tuple[str, ...] = ()
    fills_rows_on: tuple[str, ...] = ()
    narrows_queries_on: tuple[str, ...] = ()
    multiplies_fp8_on: tuple[str, ...] = ()
    unfused_on: tuple[str, ...] = ()
    whole_heads_most: int = 0
    slow_launch_on: tuple[str, ...] = ()
    held_columns_most: int = 0
    whole_products: tuple[str, ...] = ()
    vector_rows_most: int = 0
    transposes_convs_on: tuple[str, ...] = ()
    attention_on: Mapping[str, "Runtime"] = field(default_factory=dict)
    serving: Serving = field(default_factory=Serving)

    def run_spread(self, architecture: str, *, is_fp32: bool = False) -> float | None:
        """Logarithm that 80 % of the errors of its runs stay below.

        Args:
            architecture: Of the board. Where none of its runs was measured they are more off.
            is_fp32: Whether the run is in fp32, whose boards and kernels are others.

        Returns:
            None where no run of it was measured at all.
        """
        fitted = self.calibration
        of_any = fitted.get("spread_run")
        if of_any is None:
            return None
        spread = fitted.get("spread_run_fp32", of_any) if is_fp32 else of_any
        if architecture in self.measured_on:
            return spread
        return max(spread, fitted.get("spread_run_elsewhere", spread))
