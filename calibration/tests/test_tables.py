"""Tables of the packages become rows with the right units."""

import numpy as np
import pyarrow as arrow
import pytest

import tables
from batches import Batch, Coded, series_keys
from packages import Origin, origin

H200_NCCL = Origin("h200_sxm", "nccl", "2.29.2")


def identity(count, kernel="kernel", framework="VLLM", version="0.24.0"):
    return {
        "framework": [framework] * count, "version": [version] * count, "kernel_source": [kernel] * count}


def only(table, columns, source):
    batch, = tables.TABLES[table].batches(arrow.table(columns), source)
    return batch


def test_the_place_of_a_table_says_system_framework_and_version():
    assert origin("aiconfigurator_core/systems/data/gb200/gemm/trtllm/1.3.0rc20/gemm_perf.parquet") == Origin(
        "gb200", "trtllm", "1.3.0rc20")
    assert origin("aiconfigurator/systems/data/h100_sxm/vllm/0.19.0/moe_perf.parquet") == Origin(
        "h100_sxm", "vllm", "0.19.0")


def test_nccl_messages_are_elements_and_give_the_known_bandwidth_in_bytes():
    # H200, 8 GPUs, all-gather of 2^28 halves in 1.39497 ms: 337 GB/s on the bus, of 450 GB/s NVLink each way.
    batch = only("nccl_perf", identity(2, "NCCL", "TRTLLM", "2.29.2") | {
        "op_name": ["all_gather"] * 2, "nccl_dtype": ["half", "int8"], "num_gpus": [8, 8],
        "message_size": [1 << 28, 1 << 29], "latency": [1.39497, 1.39224]}, H200_NCCL)
    assert batch.load["message_bytes"].tolist() == [1 << 29, 1 << 29]
    bus = batch.load["message_bytes"] * 7 / 8 / (batch.latency * 1e-9)
    assert bus == pytest.approx([336.8e9, 337.4e9], rel=1e-3)
    assert batch.series["dtype"].values == ["fp16", "int8"]
    assert batch.series["implementation"].values == ["nccl"]


def test_expert_exchange_is_in_microseconds():
    batch = only("moe_a2a_perf", identity(1, "deepep") | {
        "comm_backend": ["deepep_ll"], "phase": ["combine"], "comm_dtype": ["default"], "ep_size": [8],
        "node_num": [1], "hidden_size": [7168], "topk": [8], "num_experts": [256], "num_tokens": [128], "sms": [0],
        "latency": [70.0]}, Origin("h200_sxm", "vllm", "0.24.0"))
    assert batch.latency.tolist() == [70e3]
    assert batch.series["operation"].values == ["combine"]


def test_deepep_rows_hold_a_dispatch_and_a_combine():
    source = Origin("h100_sxm", "sglang", "0.5.6.post2")
    found = tables.TABLES["wideep_deepep_normal_perf"].batches(arrow.table(identity(1, "deepep", "sglang") | {
        "node_num": [2], "hidden_size": [7168], "num_topk": [8], "num_experts": [256], "num_token": [4096],
        "dispatch_sms": [20], "dispatch_transmit_us": [1000.0], "dispatch_notify_us": [50.0], "combine_sms": [24],
        "combine_transmit_us": [2000.0], "combine_notify_us": [0.0]}), source)
    assert [batch.series["operation"].values for batch in found] == [["dispatch"], ["combine"]]
    assert [batch.latency.tolist() for batch in found] == [[1050e3], [2000e3]]
    assert [batch.series["communication_sms"].values for batch in found] == [[20], [24]]
    assert found[0].series["accelerators"].values == [16]


def test_decode_context_counts_the_new_token():
    batch = only("generation_attention_perf", identity(1) | {
        "batch_size": [32], "isl": [1], "step": [4095], "num_heads": [8], "num_key_value_heads": [1],
        "head_dim": [128], "attn_dtype": ["bfloat16"], "kv_cache_dtype": ["fp8"], "latency": [0.02]},
        Origin("h200_sxm", "vllm", "0.24.0"))
    assert batch.load["context_tokens"].tolist() == [4096]
    assert batch.series["window_tokens"].values == [0]
    assert batch.series["attention_dtype"].values == ["bf16"]


def test_a_version_is_told_apart_only_where_the_table_states_another():
    batch = only("gemm_perf", identity(2) | {
        "version": ["0.24.0", "0.24.1"], "gemm_dtype": ["fp8"] * 2, "m": [1, 1], "n": [8, 8], "k": [8, 8],
        "latency": [0.01, 0.02]}, Origin("h200_sxm", "vllm", "0.24.0"))
    keys, which = series_keys(("framework_version", "measured_version"), batch)
    assert sorted(keys[row] for row in which) == [("0.24.0", ""), ("0.24.0", "0.24.1")]


@pytest.mark.parametrize("label, expected", [
    ("vLLM_custom_eager", "custom_all_reduce_eager"), ("SGLang_CustomAllReduce_graph", "custom_all_reduce"),
    ("TRTLLM_MNNVL_oneshot", "mnnvl_one_shot"), ("TRTLLM", "tensorrt_llm_auto"), ("oneCCL", "oneccl"),
    ("NCCL", "nccl")])
def test_implementations_of_collectives(label, expected):
    assert tables.implementation(label) == expected


def test_operations_keep_only_what_no_other_column_says():
    assert tables.operation("dsv4_flash_csa_context_module") == "csa"
    assert tables.operation("dsa_generation_module_skip_indexer") == "dsa_skip_indexer"
    assert tables.operation("mla_gen_pre") == "before_attention"


def test_series_keys_survive_many_columns():
    count = 1000
    series = {f"c{i}": Coded(list(range(50)), np.arange(count) % 50) for i in range(20)}
    keys, which = series_keys(tuple(series), Batch("gemm", series, {}, np.ones(count)))
    assert len(keys) == 50
    assert [keys[row][7] for row in which] == (np.arange(count) % 50).tolist()
