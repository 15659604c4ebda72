"""What to measure: cases of operator shapes and loads, from the shapes of models people serve."""

import math
from dataclasses import dataclass, field

FAMILIES = (
    "gemm", "prefill_attention", "decode_attention", "moe", "elementwise", "memory_copy", "collectives")


@dataclass(frozen=True)
class Case:
    """One operator at one load. Shape and load have the store's column names for the family."""

    family: str
    shape: dict = field(hash=False)
    load: dict = field(hash=False)

    def __str__(self):
        parts = {**self.shape, **self.load}
        return f"{self.family} " + " ".join(f"{name}={value}" for name, value in parts.items())


# (n, k) of the products of a layer, whole and split: 8B, 70B and 405B dense models, MLA projections, a router.
PRODUCTS = (
    (6144, 4096), (4096, 4096), (28672, 4096), (4096, 14336), (10240, 8192), (8192, 8192), (57344, 8192),
    (8192, 28672), (1280, 8192), (8192, 1024), (7168, 8192), (8192, 3584), (18432, 16384), (16384, 16384),
    (16384, 53248), (2112, 7168), (24576, 1536), (7168, 16384), (256, 7168), (128256, 8192))
ROWS = (1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096, 8192)
# (query heads, kv heads, head dimension) on one accelerator.
HEADS = ((32, 8, 128), (64, 8, 128), (16, 2, 128), (8, 1, 128), (64, 8, 64), (8, 1, 64))
# (hidden, intermediate, top-k, experts): gpt-oss 120B, Qwen3 235B, DeepSeek-V3, Mixtral 8x7B.
EXPERTS = ((2880, 2880, 4, 128), (4096, 1536, 8, 128), (7168, 2048, 8, 256), (4096, 14336, 2, 8))
WIDTHS = (2880, 4096, 7168, 8192, 16384)
KIB = 1 << 10
MESSAGES = tuple(4 * KIB << (2 * i) for i in range(10))  # 4 KiB to 1 GiB


def gemm_cases(dtypes, quick):
    products = PRODUCTS[4:8] if quick else PRODUCTS
    rows = ROWS[::4] if quick else ROWS
    return [
        Case("gemm", {"dtype": dtype, "n": n, "k": k}, {"m": m})
        for dtype in dtypes for n, k in products for m in rows]


def attention_shape(heads):
    query, kv, dimension = heads
    return {
        "attention_dtype": "bf16", "kv_cache_dtype": "bf16", "query_heads": query, "kv_heads": kv,
        "head_dimension": dimension, "window_tokens": 0}


def prefill_cases(quick):
    lengths = (512, 4096) if quick else (128, 512, 1024, 2048, 4096, 8192, 16384, 32768)
    batches = (1,) if quick else (1, 4, 16)
    return [
        Case("prefill_attention", attention_shape(heads), {"batch": batch, "new_tokens": length, "past_tokens": 0})
        for heads in (HEADS[:2] if quick else HEADS) for batch in batches for length in lengths
        if batch * length <= 65536]


def decode_cases(quick):
    contexts = (1024, 8192) if quick else (128, 512, 1024, 2048, 4096, 8192, 16384, 32768, 131072)
    batches = (1, 32) if quick else (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
    return [
        Case("decode_attention", attention_shape(heads), {"batch": batch, "context_tokens": context})
        for heads in (HEADS[:2] if quick else HEADS) for batch in batches for context in contexts
        if batch * context <= 1 << 22]


def moe_cases(quick):
    tokens = (1, 64, 1024) if quick else (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
    return [
        Case("moe", {
            "variant": "fused", "phase": "", "dtype": "bf16", "hidden": hidden, "intermediate": intermediate,
            "top_k": top_k, "experts": experts, "expert_slots": experts, "tensor_parallel": 1, "expert_parallel": 1,
            "distribution": "balanced"}, {"num_tokens": count})
        for hidden, intermediate, top_k, experts in (EXPERTS[:1] if quick else EXPERTS) for count in tokens]


def elementwise_cases(quick):
    rows = (1, 1024) if quick else (1, 4, 16, 64, 256, 1024, 4096, 16384)
    return [
        Case("elementwise", {"operation": operation, "dtype": "bf16", "width": width}, {"rows": count})
        for operation in ("rms_norm", "silu_and_multiply", "add", "copy")
        for width in (WIDTHS[:1] if quick else WIDTHS) for count in rows]


def copy_cases(accelerators, quick):
    directions = ["device_to_device", "host_to_device", "device_to_host"]
    if accelerators > 1:
        directions.append("peer_to_peer")
    return [
        Case("memory_copy", {"direction": direction}, {"message_bytes": size})
        for direction in directions for size in (MESSAGES[2::3] if quick else MESSAGES)]


def collective_cases(accelerators, quick):
    return [
        Case("collectives", {
            "operation": operation, "dtype": "bf16", "accelerators": accelerators, "implementation": "nccl"},
            {"message_bytes": size})
        for operation in ("all_reduce", "all_gather", "reduce_scatter", "all_to_all")
        for size in (MESSAGES[2::3] if quick else MESSAGES)]


def cases(wanted, dtypes, accelerators=1, ranks=1, quick=False):
    """Every case of the wanted families. `accelerators`: in this process; `ranks`: processes, one GPU each."""
    made = {
        "gemm": lambda: gemm_cases(dtypes, quick), "prefill_attention": lambda: prefill_cases(quick),
        "decode_attention": lambda: decode_cases(quick), "moe": lambda: moe_cases(quick),
        "elementwise": lambda: elementwise_cases(quick), "memory_copy": lambda: copy_cases(accelerators, quick),
        "collectives": lambda: collective_cases(ranks, quick) if ranks > 1 else []}
    return [case for family in FAMILIES if family in wanted for case in made[family]()]


def spread(cases):
    """The same cases in an order of which every beginning covers all families and shapes about evenly.

    Each family goes round by the golden ratio (the sequence i/phi mod 1 leaves no gap much wider than another).
    """
    families = {}
    for case in cases:
        families.setdefault(case.family, []).append(case)
    golden = (math.sqrt(5) - 1) / 2
    placed = []
    for members in families.values():
        shuffled = sorted(range(len(members)), key=lambda index: index * golden % 1)
        placed += [((place + 0.5) / len(members), members[index]) for place, index in enumerate(shuffled)]
    return [case for _, case in sorted(placed, key=lambda pair: pair[0])]
