"""The cleaning of the end-to-end sample: each rule a function, its reason beside it in REASONS.

Rules that look at one point take it and give None (it passes) or what is wrong with it. Rules that compare
points take them all. A dropped point leaves only its line in `end_to_end_cleaning`; a repaired or flagged one stays.
"""

from collections import defaultdict

REASONS = {
    "incomplete": "no concurrency, TTFT or TPOT, or one that is not positive",
    "squared_tensor_parallelism":
        "R1: tensor parallelism is stated as TP x EP (tp=64, moe_tp=8, ep=8 for a run on 8 GPUs): the same measurement "
        "appears elsewhere under its true label; TP := EP",
    "squared_attention_parallelism":
        "R2: attention data parallelism is stated as DP x EP (attention_dp=64, moe_tp=8, ep=8 on 8 GPUs); DP := EP",
    "doubled_data_parallelism":
        "R3: vLLM with data parallelism states the GPUs twice (tp=4, dp=4, ep=16 on 4 GPUs): TP := 1, EP := DP",
    "workers_unknown": "disaggregated without the numbers of workers: the number of GPUs is unknown",
    "disaggregated_total_as_aggregated":
        "an aggregated engine of more than 8 GPUs: the totals of a disaggregated or multi-node deployment",
    "several_replicas":
        "Qwen3-32B of the GB200 gap analysis: TPOT rises and falls with concurrency, 448 prompts of 15,000 tokens "
        "in 0.7 s: several replicas and a prefix cache behind one label",
    "same_measurement":
        "the same run under another name (dump date, DeepSeek-R1 for -V3, parallel label): TTFT equal to 0.05 % and "
        "TPOT to 0.2 % on the same framework, system, lengths and concurrency; one is kept",
    "mtp_suspected":
        "speculative decoding that no label states: DeepSeek TensorRT-LLM runs of these dates are 1.4-2.2 times faster "
        "than the same configuration elsewhere, SGLang B200 fp8 runs of 2026-03-25 up to 1.7 times",
    "no_warm_up":
        "DeepSeek SGLang of November 2025 ran without adequate warm-up: TTFT of 7-9 s at concurrency 32 and more, "
        "whatever the prompt",
    "batch_limit_misconfigured":
        "gpt-oss vLLM H100 at concurrency 512: TTFT of 20-460 s with the TPOT of about 5 sequences: max_num_seqs was small",
    "non_monotone":
        "TPOT more than 20 % above that of a higher concurrency of the same sweep: a transiently slow run",
    "disagrees_elsewhere":
        "the same configuration and concurrency measured more than 25 % apart in TPOT elsewhere: a setting that no "
        "label states differs",
}
MTP_TENSORRT_DATES = ("2026-01-14", "2026-01-28", "2026-02-05", "2026-02-06")
MTP_SGLANG_DATE, MTP_SGLANG_RATIO, MTP_FEW = "2026-03-25", 0.8, 8
NON_MONOTONE = 1.2
DISAGREEMENT = 1.25
LARGEST_ENGINE = 8
SAME_RUN = ("framework", "system", "mode", "isl", "osl", "concurrency")
SAME_WITHIN = {"ttft_mean_s": 5e-4, "tpot_mean_s": 2e-3}


def is_deepseek(point):
    return any(name in point["model"] for name in ("DeepSeek-R1", "DeepSeek-V3"))


def incomplete(point):
    for name in ("concurrency", "ttft_mean_s", "tpot_mean_s", "isl", "osl"):
        if point[name] is None or not point[name] > 0:
            return f"{name} = {point[name]}"
    return None


def squared_parallelism(point):
    """Repairs in place; gives (rule, what was done) or None."""
    if point["mode"] != "agg":
        return None
    tp, dp, moe_tp, ep = (point[name] for name in ("tp", "attention_dp", "moe_tp", "ep"))
    before = f"tp={tp}, attention_dp={dp}, moe_tp={moe_tp}, ep={ep}"
    if moe_tp == ep > 1 and tp == moe_tp * ep:
        point["tp"], rule = ep, "squared_tensor_parallelism"
    elif moe_tp == ep > 1 and dp == moe_tp * ep:
        point["attention_dp"], rule = ep, "squared_attention_parallelism"
    elif point["framework"] == "vllm" and tp == dp > 1:
        point["tp"], point["ep"], rule = 1, dp, "doubled_data_parallelism"
    else:
        return None
    return rule, f"{before} -> tp={point['tp']}, attention_dp={point['attention_dp']}, ep={point['ep']}"


def accelerators(point):
    """GPUs of a point after repair; None where workers are unknown."""
    if point["mode"] == "agg":
        return point["tp"] * point["pp"] * point["attention_dp"]
    if point["prefill_workers"] is None or point["decode_workers"] is None:
        return None
    return sum(
        point[f"{role}_workers"] * point[f"{role}_tp"] * point[f"{role}_attention_dp"]
        for role in ("prefill", "decode"))


def workers_unknown(point):
    return "no worker counts" if point["accelerators"] is None else None


def disaggregated_total_as_aggregated(point):
    if point["mode"] == "agg" and point["accelerators"] > LARGEST_ENGINE:
        return f"{point['accelerators']} GPUs"
    return None


def several_replicas(point):
    """The gap analysis of GB200 with 15 points of one label."""
    if point["source"] == "gap/gb200/trtllm/1.3.0rc1/Qwen_Qwen3-32B.csv":
        return point["source"]
    return None


DROPPING = (incomplete, workers_unknown, disaggregated_total_as_aggregated, several_replicas)


def same_measurement(points, preferred):
    """One point of each measurement: the one that `preferred` ranks first (lowest). Gives (kept, [(dropped, kept)]).

    Two points are one measurement when they share framework, system, mode, lengths and concurrency and their TTFT
    and TPOT agree as closely as the rounding of the dumps allows.
    """
    groups = defaultdict(list)
    for point in points:
        groups[tuple(point[name] for name in SAME_RUN)].append(point)
    kept, dropped = [], []
    for group in groups.values():
        clusters = []
        for point in sorted(group, key=lambda point: (point["ttft_mean_s"], point["id"])):
            home = next((cluster for cluster in reversed(clusters) if is_same(cluster[0], point)), None)
            if home is None:
                clusters.append([point])
            else:
                home.append(point)
        for cluster in clusters:
            first, *others = sorted(cluster, key=preferred)
            kept.append(first)
            dropped += [(other, first) for other in others]
    return kept, dropped


def is_same(one, other):
    return all(
        abs(one[name] - other[name]) <= tolerance * max(one[name], other[name])
        for name, tolerance in SAME_WITHIN.items())


def preference(point, position):
    """Which name of a run to keep: one that needed no repair, then the fullest source, then the earlier row."""
    source = point["source"]
    if source.startswith(("gap/", "kimi", "qwen")):
        rank = 0
    elif source.startswith("db-dump"):
        rank = 1
    else:
        rank = 3 if source == "2026-03-25.csv" else 2
    return bool(point["repairs"]), rank, position


def comparable(point):
    """Configurations that should perform alike: without version and date, DeepSeek-R1 and -V3 as one model."""
    model = point["model"].split("/")[-1].replace("DeepSeek-R1", "DeepSeek-V3")
    return (
        point["framework"], model, point["system"], point["weights"], point["mode"], point["isl"], point["osl"],
        *(point.get(name) for name in (
            "tp", "ep", "attention_dp", "prefill_workers", "prefill_tp", "prefill_ep", "prefill_attention_dp",
            "decode_workers", "decode_tp", "decode_ep", "decode_attention_dp")))


def flag_mtp(points):
    """{id: which rule} of points suspected of speculative decoding. SGLang: whole sweeps, for the gain falls with
    concurrency; they are known by their few-sequence points."""
    slowest, sweeps = defaultdict(float), defaultdict(list)
    result = {}
    for point in points:
        if not is_deepseek(point):
            continue
        key = comparable(point), point["concurrency"]
        slowest[key] = max(slowest[key], point["tpot_mean_s"])
        if point["framework"] == "tensorrt-llm" and point["date"] in MTP_TENSORRT_DATES:
            result[point["id"]] = f"TensorRT-LLM of {point['date']}"
        if (point["framework"], point["system"], point["weights"], point["date"]) == (
                "sglang", "b200-sxm", "fp8", MTP_SGLANG_DATE):
            sweeps[comparable(point), point["model"], point["framework_version"]].append(point)
    for sweep in sweeps.values():
        ratio = min((
            point["tpot_mean_s"] / slowest[comparable(point), point["concurrency"]] for point in sweep
            if point["concurrency"] <= MTP_FEW), default=1)
        if ratio < MTP_SGLANG_RATIO:
            for point in sweep:
                result[point["id"]] = (
                    f"SGLang of {point['date']}, TPOT at low concurrency {ratio:.2f} of the same configuration elsewhere")
    return result


def flag_no_warm_up(points):
    return {
        point["id"]: f"SGLang of {point['date']}" for point in points
        if is_deepseek(point) and point["framework"] == "sglang" and point["date"].startswith("2025-11")
        and point["mode"] == "agg"}


def flag_batch_limit(points):
    return {
        point["id"]: f"TTFT {point['ttft_mean_s']:.0f} s" for point in points
        if "gpt-oss" in point["model"] and point["framework"] == "vllm" and point["system"] == "h100-sxm"
        and point["concurrency"] == 512 and point["ttft_mean_s"] > 10}


def flag_non_monotone(points):
    """Within one sweep: the same configuration, model label and version."""
    sweeps = defaultdict(list)
    for point in points:
        sweeps[comparable(point), point["model"], point["framework_version"]].append(point)
    result = {}
    for sweep in sweeps.values():
        for point in sweep:
            later = [other for other in sweep if other["concurrency"] > point["concurrency"]]
            least = min((other["tpot_mean_s"] for other in later), default=None)
            if least is not None and point["tpot_mean_s"] > NON_MONOTONE * least:
                result[point["id"]] = f"TPOT {point['tpot_mean_s'] / least:.2f} times that of a higher concurrency"
    return result


def flag_disagreement(points):
    """The same configuration, version apart, at the same concurrency."""
    groups = defaultdict(list)
    for point in points:
        groups[comparable(point), point["concurrency"]].append(point)
    result = {}
    for group in groups.values():
        for point in group:
            ratios = [
                max(point["tpot_mean_s"], other["tpot_mean_s"]) / min(point["tpot_mean_s"], other["tpot_mean_s"])
                for other in group if other is not point
                and other["framework_version"] == point["framework_version"]]
            if ratios and max(ratios) > DISAGREEMENT:
                result[point["id"]] = f"TPOT {max(ratios):.2f} times apart"
    return result


FLAGGING = {
    "mtp_suspected": flag_mtp, "no_warm_up": flag_no_warm_up, "batch_limit_misconfigured": flag_batch_limit,
    "non_monotone": flag_non_monotone, "disagrees_elsewhere": flag_disagreement}
