"""How each table of the aiconfigurator packages becomes rows of an operator family.

Units there: latency in milliseconds (in `moe_a2a_perf` in microseconds, in the DeepEP tables by column name),
`message_size` in ELEMENTS of the dtype, attention `isl` new tokens after `step` cached ones.
"""

import numpy as np

import names
from batches import Batch, Coded

NANOSECONDS_PER_MILLISECOND = 1e6
NANOSECONDS_PER_MICROSECOND = 1e3

_ATTENTION = {
    "attention_dtype": "attn_dtype", "kv_cache_dtype": "kv_cache_dtype", "query_heads": "num_heads",
    "kv_heads": "num_key_value_heads", "head_dimension": "head_dim", "window_tokens": ("window_size", 0)}
_LATENT = {
    "model": ("model", ""), "attention_dtype": "mla_dtype", "kv_cache_dtype": "kv_cache_dtype",
    "gemm_dtype": ("gemm_type", ""), "heads": "num_heads", "tensor_parallel": "tp_size"}
_SPARSE = _LATENT | {
    "operation": "op_name", "compress_ratio": ("compress_ratio", 0), "score_mode": ("score_mode", "")}
_EXPERTS = {
    "dtype": "moe_dtype", "hidden": "hidden_size", "intermediate": "inter_size", "top_k": "topk",
    "experts": "num_experts", "tensor_parallel": "moe_tp_size", "expert_parallel": "moe_ep_size",
    "distribution": "distribution"}
_DELTA = {
    "operation": "op_name", "phase": "phase", "model": "model_name", "hidden": "d_model", "key_heads": "num_k_heads",
    "key_head_dimension": "head_k_dim", "value_heads": "num_v_heads", "value_head_dimension": "head_v_dim",
    "convolution_width": "d_conv"}
_PREFILL = {"batch": "batch_size", "new_tokens": "isl", "past_tokens": "step"}
_DECODE = {"batch": "batch_size", "context_tokens": lambda table: integers(table, "isl") + integers(table, "step")}
_TOKENS = {"num_tokens": "num_tokens"}
_PHASES = {"context": "prefill", "generation": "decode", "verify": "verify"}
_OPERATIONS = {
    "pre": "hyper_connection_pre", "post": "hyper_connection_post",
    "mla_gen_pre": "before_attention", "mla_gen_post": "after_attention", "alltoall": "all_to_all"}
_DTYPE_COLUMNS = ("dtype", "attention_dtype", "kv_cache_dtype", "gemm_dtype")


class Table:
    """One kind of table: the family it belongs to, where its columns come from, what is constant in it."""

    def __init__(self, family, shape, load, constants=None, latency="latency", unit=NANOSECONDS_PER_MILLISECOND):
        self.family, self.shape, self.load = family, shape, load
        self.constants, self.latency, self.unit = constants or {}, latency, unit

    def batches(self, table, origin):
        """The rows of an arrow table; `origin` says from which system, framework and version."""
        count = table.num_rows
        series = origin.identity(table)
        for name, value in self.constants.items():
            series[name] = Coded.constant(value, count)
        for name, source in self.shape.items():
            source, default = source if isinstance(source, tuple) else (source, None)
            if default is not None and source not in table.column_names:
                series[name] = Coded.constant(default, count)
            else:
                series[name] = Coded.of(table[source])
        normalise(series)
        load = {
            name: source(table) if callable(source) else integers(table, source)
            for name, source in self.load.items()}
        telemetry = {}
        if "power" in table.column_names:
            telemetry = {"power_watts": floats(table, "power"), "power_limit_watts": floats(table, "power_limit")}
        return [Batch(
            self.family, series, load, floats(table, self.latency) * self.unit, telemetry,
            origin.hints(table))]


class Collective(Table):
    """A table of collectives: messages counted in elements there, in bytes here."""

    def batches(self, table, origin):
        batch, = super().batches(table, origin)
        sizes = [names.DTYPE_BYTES[value] for value in batch.series["dtype"].values]
        batch.load["message_bytes"] *= np.array(sizes)[batch.series["dtype"].codes]
        batch.series["implementation"] = batch.series["implementation"].mapped(implementation)
        return [batch]


class Exchange(Table):
    """A DeepEP table: each row holds a dispatch and a combine, in microseconds."""

    def __init__(self, load, columns, sms, implementation, phase):
        super().__init__("expert_all_to_all", {
            "nodes": "node_num", "hidden": "hidden_size", "top_k": "num_topk", "experts": "num_experts"}, load)
        self.columns, self.sms, self.implementation, self.phase = columns, sms, implementation, phase

    def batches(self, table, origin):
        result = []
        for operation in ("dispatch", "combine"):
            count = table.num_rows
            series = origin.identity(table) | {
                name: Coded.of(table[source]) for name, source in self.shape.items()}
            series |= {
                name: Coded.constant(value, count) for name, value in (
                    ("operation", operation), ("phase", self.phase), ("dtype", ""), ("distribution", ""),
                    ("implementation", self.implementation))}
            series["accelerators"] = series["nodes"].mapped(lambda nodes: nodes * origin.accelerators_per_node)
            series["communication_sms"] = (
                Coded.of(table[f"{operation}_sms"]) if self.sms else Coded.constant(0, count))
            latency = sum(floats(table, f"{operation}_{column}") for column in self.columns)
            load = {"num_tokens": integers(table, "num_token")}
            result.append(Batch(
                self.family, series, load, latency * NANOSECONDS_PER_MICROSECOND, {}, origin.hints(table)))
        return result


def integers(table, name):
    return table[name].to_numpy().astype(np.int64)


def floats(table, name):
    return table[name].to_numpy().astype(np.float64)


def normalise(series):
    """Dtypes and phases by the names used here, one name an operation, the implementation of a collective."""
    for name in _DTYPE_COLUMNS:
        if name in series:
            series[name] = series[name].mapped(names.dtype)
    if "phase" in series:
        series["phase"] = series["phase"].mapped(lambda phase: _PHASES.get(phase, phase))
    if "operation" in series:
        series["operation"] = series["operation"].mapped(operation)


def operation(name):
    """An operation without what other columns say already (phase, model family, that it is a module)."""
    for prefix in ("alltoall_", "dsv4_flash_", "dsv4_"):
        name = name.removeprefix(prefix)
    for words in ("_context_module", "_generation_module", "_module"):
        name = name.replace(words, "")
    return _OPERATIONS.get(name, name)


def implementation(kernel):
    """What carries out a collective, by the kernel's label."""
    label = kernel.lower()
    for mark, name in (
            ("oneccl", "oneccl"), ("nccl", "nccl"), ("mnnvl_oneshot", "mnnvl_one_shot"),
            ("mnnvl_twoshot", "mnnvl_two_shot"), ("_eager", "custom_all_reduce_eager"),
            ("_graph", "custom_all_reduce"), ("trtllm", "tensorrt_llm_auto")):
        if mark in label:
            return name
    return label


def _latent(family, scope, load):
    return Table(family, _LATENT, load, {"scope": scope})


def _experts(variant, phase=None, **extra):
    shape = _EXPERTS | extra
    constants = {"variant": variant, "phase": phase or ""}
    if "phase" in extra:
        del constants["phase"]
    return Table("moe", {"expert_slots": "num_experts"} | shape, _TOKENS, constants)


def _sparse(phase, **constants):
    shape = {name: source for name, source in _SPARSE.items() if name not in constants}
    return Table("sparse_attention", shape, _PREFILL, {"phase": phase} | constants)


def _collective(dtype):
    return Collective(
        "collectives",
        {"operation": "op_name", "dtype": dtype, "accelerators": "num_gpus", "implementation": "kernel_source"},
        {"message_bytes": "message_size"})


TABLES = {
    "gemm_perf": Table("gemm", {"dtype": "gemm_dtype", "n": "n", "k": "k"}, {"m": "m"}),
    "context_attention_perf": Table("prefill_attention", _ATTENTION, _PREFILL),
    "generation_attention_perf": Table("decode_attention", _ATTENTION, _DECODE),
    "encoder_attention_perf": Table(
        "encoder_attention", {"dtype": "attn_dtype", "heads": "num_heads", "head_dimension": "head_dim"},
        {"batch": "batch_size", "tokens": "isl"}),
    "context_mla_perf": _latent("mla_prefill", "kernel", _PREFILL),
    "generation_mla_perf": _latent("mla_decode", "kernel", _DECODE),
    "mla_context_module_perf": _latent("mla_prefill", "module", _PREFILL),
    "mla_generation_module_perf": _latent("mla_decode", "module", _DECODE),
    "wideep_context_mla_perf": _latent("mla_prefill", "wide_expert_module", _PREFILL),
    "wideep_generation_mla_perf": _latent("mla_decode", "wide_expert_module", _DECODE),
    "dsa_context_module_perf": _sparse("prefill"),
    "dsa_generation_module_perf": _sparse("decode"),
    "dsv4_csa_context_module_perf": _sparse("prefill"),
    "dsv4_csa_generation_module_perf": _sparse("decode"),
    "dsv4_hca_context_module_perf": _sparse("prefill"),
    "dsv4_hca_generation_module_perf": _sparse("decode"),
    "msa_context_module_perf": _sparse("prefill"),
    "msa_generation_module_perf": _sparse("decode"),
    "dsv4_csa_topk_calib_perf": _sparse(""),
    "dsv4_hca_attn_module_perf": _sparse(""),
    "dsv4_paged_mqa_logits_module_perf": _sparse(""),
    "glm5_dsa_attn_module_perf": _sparse(""),
    "glm5_mqa_logits_module_perf": _sparse(""),
    "glm5_topk_module_perf": _sparse(""),
    "gdn_perf": Table(
        "linear_attention", _DELTA, {"batch": "batch_size", "tokens_per_sequence": "seq_len"},
        {"state_dimension": 0, "groups": 0, "chunk_tokens": 0}),
    "kda_perf": Table(
        "linear_attention", _DELTA, {"batch": "batch_size", "tokens_per_sequence": "seq_len"},
        {"state_dimension": 0, "groups": 0, "chunk_tokens": 0}),
    "mamba2_perf": Table(
        "linear_attention",
        {"operation": "op_name", "phase": "phase", "model": "model_name", "hidden": "d_model",
         "value_heads": "nheads", "value_head_dimension": "head_dim", "state_dimension": "d_state",
         "groups": "n_groups", "chunk_tokens": "chunk_size", "convolution_width": "d_conv"},
        {"batch": "batch_size", "tokens_per_sequence": "seq_len"}, {"key_heads": 0, "key_head_dimension": 0}),
    "moe_perf": _experts("fused"),
    "wideep_context_moe_perf": _experts("wide_expert", "prefill"),
    "wideep_generation_moe_perf": _experts("wide_expert", "decode"),
    "wideep_moe_perf": _experts("wide_expert", expert_slots="num_slots"),
    "dsv4_megamoe_module_perf": _experts("megamoe", phase="phase"),
    "wideep_context_mlp_perf": Table(
        "mlp", {"dtype": "quant_type", "hidden": "hidden_size", "intermediate": "intermediate_size"},
        {"num_tokens": "num_token"}, {"phase": "prefill"}, latency="avg_ms"),
    "wideep_generation_mlp_perf": Table(
        "mlp", {"dtype": "quant_type", "hidden": "hidden_size", "intermediate": "intermediate_size"},
        {"num_tokens": "num_token"}, {"phase": "decode"}, latency="avg_ms"),
    "mla_bmm_perf": Table(
        "batched_gemm", {"operation": "op_name", "dtype": "bmm_dtype", "heads": "num_heads"}, _TOKENS),
    "nccl_perf": _collective("nccl_dtype"),
    "oneccl_perf": _collective("nccl_dtype"),
    "custom_allreduce_perf": _collective("allreduce_dtype"),
    "moe_a2a_perf": Table(
        "expert_all_to_all",
        {"operation": "phase", "dtype": "comm_dtype", "accelerators": "ep_size", "nodes": "node_num",
         "hidden": "hidden_size", "top_k": "topk", "experts": "num_experts", "communication_sms": "sms",
         "implementation": "comm_backend"},
        _TOKENS, {"phase": "", "distribution": ""}, unit=NANOSECONDS_PER_MICROSECOND),
    "trtllm_alltoall_perf": Table(
        "expert_all_to_all",
        {"operation": "op_name", "dtype": "moe_dtype", "accelerators": "moe_ep_size", "hidden": "hidden_size",
         "top_k": "topk", "experts": "num_experts", "distribution": "distribution",
         "implementation": "kernel_source"},
        _TOKENS, {"phase": "", "nodes": 0, "communication_sms": 0}),
    "wideep_deepep_ll_perf": Exchange(_TOKENS, ("avg_t_us",), False, "deepep_low_latency", "decode"),
    "wideep_deepep_normal_perf": Exchange(
        _TOKENS, ("transmit_us", "notify_us"), True, "deepep_normal", "prefill"),
    "computescale_perf": Table(
        "elementwise", {"operation": "op_name", "dtype": "quant_dtype", "width": "k"}, {"rows": "m"}),
    "scale_matrix_perf": Table(
        "elementwise", {"operation": "op_name", "dtype": "quant_dtype", "width": "k"}, {"rows": "m"}),
    "mhc_module_perf": Table(
        "elementwise", {"operation": "op_name", "width": "hidden_size"}, {"rows": "num_tokens"},
        {"dtype": "bf16"}),
}
