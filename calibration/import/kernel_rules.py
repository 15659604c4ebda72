"""The cleaning of kernel measurements: each rule a function, its reason in REASONS.

A rule takes a batch and gives a mask of the rows that it drops (or blanks, repairs, flags). Rules see all rows
of a file at once, except those that compare points of a series or series of a shape.
"""

import numpy as np

REASONS = {
    "elements_to_bytes":
        "message sizes of the NCCL, oneCCL and custom all-reduce tables count elements of the dtype: a 'half' message of "
        "the same size takes twice the time of 'int8', and read as bytes the bandwidth would be half of NCCL's known one",
    "microseconds_to_seconds":
        "the latency of moe_a2a is in microseconds (it equals transmit_us + notify_us), everywhere else in milliseconds",
    "latency_not_positive":
        "a difference of two timings that came out zero or negative (compute_scale, top-k calibration)",
    "empty_load":
        "nothing to do: a GEMM of no rows (m = 0 in H100 TensorRT-LLM 1.2.0rc5 and GB300 vLLM 0.14.0), which 'takes' 0.5-2 us",
    "gemm_faster_than_peak":
        "more than 1.02 times the dense peak FLOP/s of the dtype (SGLang int8 weight-only on H100)",
    "table_of_another_framework":
        "rows that name another framework than the one they are filed under: copies of that framework's table",
    "eager_collective":
        "an eager launch adds about 20 us that engines don't pay: they replay CUDA graphs, which are measured too",
    "isolated_spike":
        "more than 3 times both of its neighbours in load: a transient slowdown, since cost grows slowly with load",
    "isolated_dip":
        "less than a third of both of its neighbours in load: a launch that failed or a clock that was misread",
    "same_measurement_twice":
        "the same shape, load and version in both packages (or twice in one table), equal to 1 ns: one is kept",
    "repeats_to_median":
        "the same shape, load and version measured more than once: the median is kept",
    "power_reading_lags":
        "board power averages over tens of milliseconds and lags: for kernels below 0.2 ms it shows the kernels before; "
        "the latency is kept, the power is not",
    "host_bound_series":
        "the least latency of the series is above 40 us and over 3 times the least of the same shape elsewhere on the "
        "system: the host, not the GPU, was timed (vLLM fp8_block GEMM in 0.18, 0.22, 0.24), or the kernel was never tuned "
        "there (fp8 on RTX PRO 6000); flagged, and gemm_best takes the minimum over versions",
}
POWER_LAG_NANOSECONDS = 0.2e6
SPIKE = 3.0
HOST_BOUND_FACTOR, HOST_BOUND_NANOSECONDS = 3.0, 40e3
PEAK_TOLERANCE = 1.02
PEAK_KEYS = {
    "bf16": "bfloat16_tc_flops", "fp8": "fp8_tc_flops", "fp8_block": "fp8_tc_flops", "fp8_static": "fp8_tc_flops",
    "nvfp4": "fp4_tc_flops", "int8_wo": "bfloat16_tc_flops", "int4_wo": "bfloat16_tc_flops",
    "int8_smooth_quant": "int8_tc_flops"}


def latency_not_positive(batch, peaks):
    return ~(np.isfinite(batch.latency) & (batch.latency >= 1))


def empty_load(batch, peaks):
    """Cached tokens may be none; every other measure of load is at least 1."""
    result = np.zeros(len(batch), bool)
    for name, values in batch.load.items():
        if name != "past_tokens":
            result |= values < 1
    return result


def gemm_faster_than_peak(batch, peaks):
    """Needs the peaks of the batch's system: {key of the package's system description: FLOP/s}."""
    if batch.family != "gemm" or not peaks:
        return None
    dtype = batch.series["dtype"]
    peak = np.array([peaks.get(PEAK_KEYS.get(value), np.inf) for value in dtype.values])[dtype.codes]
    n, k = (np.array(batch.series[name].values, float)[batch.series[name].codes] for name in ("n", "k"))
    return 2 * batch.load["m"] * n * k > PEAK_TOLERANCE * peak * batch.latency * 1e-9


def table_of_another_framework(batch, peaks):
    return batch.hints.get("foreign")


def eager_collective(batch, peaks):
    """Custom all-reduce only, whose tables hold graph replays of the same messages."""
    if batch.family != "collectives":
        return None
    column = batch.series["implementation"]
    return np.array([value.endswith("_eager") for value in column.values], bool)[column.codes]


# In the order in which they apply; a row is counted under the first that drops it.
ROW_RULES = (
    latency_not_positive, empty_load, gemm_faster_than_peak, table_of_another_framework, eager_collective)


def power_reading_lags(latency, power):
    """Which power readings to blank."""
    return np.isfinite(power) & (latency < POWER_LAG_NANOSECONDS)


def isolated(series, latency, up):
    """Spikes (or dips) among points sorted by series and one-dimensional load."""
    result = np.zeros(len(latency), bool)
    if len(latency) < 3:
        return result
    inner = (series[:-2] == series[1:-1]) & (series[2:] == series[1:-1])
    before, here, after = latency[:-2], latency[1:-1], latency[2:]
    if up:
        result[1:-1] = inner & (here > SPIKE * np.maximum(before, after))
    else:
        result[1:-1] = inner & (here * SPIKE < np.minimum(before, after))
    return result


def host_bound_series(shapes, floors):
    """Which series are host-bound: `shapes` says which system and shape each is of, `floors` its least latency."""
    best = np.full(shapes.max() + 1 if len(shapes) else 0, np.inf)
    np.minimum.at(best, shapes, floors)
    return (floors > HOST_BOUND_NANOSECONDS) & (floors > HOST_BOUND_FACTOR * best[shapes])
