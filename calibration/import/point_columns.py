"""The columns of an end-to-end benchmark point: the project's benchmark-point CSV, and what the store adds."""

TEXT, REAL, INTEGER = "TEXT", "REAL", "INTEGER"

SETTINGS = (
    ("id", TEXT), ("suite", TEXT), ("source", TEXT), ("date", TEXT), ("system", TEXT), ("accelerators", INTEGER),
    ("framework", TEXT), ("framework_version", TEXT), ("model", TEXT), ("weights", TEXT), ("kv_cache", TEXT),
    ("mode", TEXT), ("tp", INTEGER), ("pp", INTEGER), ("ep", INTEGER), ("attention_dp", INTEGER),
    ("replicas", INTEGER), ("prefill_workers", INTEGER), ("prefill_tp", INTEGER), ("prefill_ep", INTEGER),
    ("prefill_attention_dp", INTEGER), ("prefill_batch", INTEGER), ("decode_workers", INTEGER),
    ("decode_tp", INTEGER), ("decode_ep", INTEGER), ("decode_attention_dp", INTEGER), ("decode_batch", INTEGER),
    ("load", TEXT), ("concurrency", REAL), ("request_rate", REAL), ("requests", INTEGER), ("isl", REAL),
    ("osl", REAL), ("lengths", TEXT), ("max_batch_size", INTEGER), ("max_batch_tokens", INTEGER),
    ("power_cap_watts", REAL))
MEASURED = (
    ("ttft_mean_s", REAL), ("ttft_p50_s", REAL), ("ttft_p99_s", REAL), ("tpot_mean_s", REAL), ("tpot_p50_s", REAL),
    ("tpot_p99_s", REAL), ("output_tokens_per_s", REAL), ("output_tokens_per_s_per_gpu", REAL),
    ("requests_per_s", REAL), ("gpu_power_w", REAL), ("node_power_w", REAL), ("gpu_j_per_output_token", REAL))
POINT_COLUMNS = SETTINGS + MEASURED + (("notes", TEXT),)

# What the store adds: the hash of everything but the load, which half it is in, and what cleaning found.
STORE_COLUMNS = (
    ("configuration_key", TEXT), ("configuration_hash", TEXT), ("split", TEXT), ("repairs", TEXT),
    ("mtp_suspected", INTEGER), ("mtp_rule", TEXT), ("no_warm_up", INTEGER), ("batch_limit_misconfigured", INTEGER),
    ("non_monotone", INTEGER), ("disagrees_elsewhere", INTEGER), ("file_id", INTEGER))

NAMES = tuple(name for name, _ in POINT_COLUMNS)
ALL_NAMES = NAMES + tuple(name for name, _ in STORE_COLUMNS)
KINDS = dict(POINT_COLUMNS + STORE_COLUMNS)
MEASURED_NAMES = tuple(name for name, _ in MEASURED)


def sql_columns():
    """The column definitions of the end_to_end table."""
    return ",\n  ".join(
        f"{name} {kind}" + (" PRIMARY KEY NOT NULL" if name == "id" else "")
        for name, kind in POINT_COLUMNS + STORE_COLUMNS)
