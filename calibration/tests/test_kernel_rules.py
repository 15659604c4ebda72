"""Each cleaning rule drops what it names and nothing else."""

import numpy as np

import kernel_rules
from batches import Batch, Coded


def gemm(latency_nanoseconds, m=4096, n=4096, k=4096, dtype="bf16"):
    count = len(latency_nanoseconds)
    series = {name: Coded.constant(value, count) for name, value in (("dtype", dtype), ("n", n), ("k", k))}
    return Batch("gemm", series, {"m": np.full(count, m)}, np.array(latency_nanoseconds, float))


def test_latency_must_be_positive():
    assert kernel_rules.latency_not_positive(gemm([0.0, -5.0, np.nan, 1500.0]), None).tolist() == [
        True, True, True, False]


def test_a_load_of_nothing_is_no_measurement():
    batch = gemm([500.0, 4000.0])
    batch.load["m"][0] = 0
    assert kernel_rules.empty_load(batch, None).tolist() == [True, False]
    batch.load = {"new_tokens": np.array([1, 1]), "past_tokens": np.array([0, 5])}
    assert not kernel_rules.empty_load(batch, None).any()


def test_a_gemm_is_not_faster_than_the_datasheet():
    # 4096^3 in bf16 on 989 TFLOP/s takes 139 us at least.
    peaks = {"bfloat16_tc_flops": 989e12}
    assert kernel_rules.gemm_faster_than_peak(gemm([120e3, 145e3]), peaks).tolist() == [True, False]
    assert not kernel_rules.gemm_faster_than_peak(gemm([1e3], dtype="unknown"), peaks).any()


def test_eager_collectives_go_graph_replays_stay():
    labels = ["custom_all_reduce_eager", "custom_all_reduce", "nccl"]
    batch = Batch("collectives", {"implementation": Coded(labels, np.arange(3))}, {}, np.ones(3))
    assert kernel_rules.eager_collective(batch, None).tolist() == [True, False, False]


def test_spikes_and_dips_stand_out_of_their_own_series_only():
    series = np.array([0, 0, 0, 0, 1, 1, 1, 2])
    latency = np.array([10, 11, 90, 12, 200, 10, 210, 5.0])
    assert np.flatnonzero(kernel_rules.isolated(series, latency, up=True)).tolist() == [2]
    assert np.flatnonzero(kernel_rules.isolated(series, latency, up=False)).tolist() == [5]


def test_power_of_short_kernels_is_not_theirs():
    latency, power = np.array([15e3, 250e3, 15e3]), np.array([675.0, 600.0, np.nan])
    assert kernel_rules.power_reading_lags(latency, power).tolist() == [True, False, False]


def test_host_bound_series_are_slow_and_slower_than_their_like():
    # One shape measured at 160 us, 6 us and 17 us; another only at 160 us; a third at 30 and 5 us.
    shapes = np.array([0, 0, 0, 1, 2, 2])
    floors = np.array([160e3, 6e3, 17e3, 160e3, 30e3, 5e3])
    assert kernel_rules.host_bound_series(shapes, floors).tolist() == [True, False, False, False, False, False]


def test_every_rule_has_its_reason():
    named = {rule.__name__ for rule in kernel_rules.ROW_RULES}
    assert named <= set(kernel_rules.REASONS)
    assert all(len(reason) > 40 for reason in kernel_rules.REASONS.values())
