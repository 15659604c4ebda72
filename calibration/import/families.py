"""The operator families of the measurement store: their columns, tables and views.

A *series* is one operator of fixed shape on one system and framework version, swept over load; a *point* is one
measured load of a series. Keeping what a series has in common out of its points makes the store several times
smaller, and a series is also the unit in which calibration reads: one curve.

For a family F the store holds
  F_series     series_id, system, framework, framework_version, measured_version, kernel, the shape, host_bound_suspected
  F_points     series_id, the load, latency_nanoseconds                       (clustered by series and load)
  F_telemetry  series_id, the load, power_watts, ... where it was recorded     (clustered likewise)
  F            a view that joins them, latency in seconds: what a reader queries
  F_best       a view: the least latency of each shape and load over framework versions (and kernels)
Latency is kept in whole nanoseconds: at most 0.05 % of the shortest kernel kept.
"""

from dataclasses import dataclass

TEXT, INTEGER = "TEXT", "INTEGER"

# What every series starts with. `framework_version` is the version under which the package files the table,
# `measured_version` the one that the table itself states, where they differ.
IDENTITY = (
    ("system", TEXT), ("framework", TEXT), ("framework_version", TEXT), ("measured_version", TEXT), ("kernel", TEXT))
TELEMETRY = (
    ("power_watts", "REAL"), ("power_limit_watts", "REAL"), ("sm_clock_hertz", "REAL"),
    ("temperature_celsius", "REAL"), ("samples", INTEGER), ("latency_spread_seconds", "REAL"))


@dataclass(frozen=True)
class Family:
    """One operator family: what identifies a series beyond IDENTITY, and what identifies a point of it."""

    name: str
    shape: tuple
    load: tuple
    summary: str

    @property
    def series_columns(self):
        return tuple(name for name, _ in IDENTITY) + tuple(name for name, _ in self.shape)

    @property
    def load_columns(self):
        return tuple(self.load)


_ATTENTION = (
    ("attention_dtype", TEXT), ("kv_cache_dtype", TEXT), ("query_heads", INTEGER), ("kv_heads", INTEGER),
    ("head_dimension", INTEGER), ("window_tokens", INTEGER))
_LATENT = (
    ("scope", TEXT), ("model", TEXT), ("attention_dtype", TEXT), ("kv_cache_dtype", TEXT), ("gemm_dtype", TEXT),
    ("heads", INTEGER), ("tensor_parallel", INTEGER))

FAMILIES = (
    Family(
        "gemm", (("dtype", TEXT), ("n", INTEGER), ("k", INTEGER)), ("m",),
        "dense matrix product (m x k) (k x n)"),
    Family(
        "prefill_attention", _ATTENTION, ("batch", "new_tokens", "past_tokens"),
        "causal attention of new_tokens each of batch prompts, over past_tokens already cached"),
    Family(
        "decode_attention", _ATTENTION, ("batch", "context_tokens"),
        "attention of one new token each of batch sequences over context_tokens (the new one included)"),
    Family(
        "encoder_attention", (("dtype", TEXT), ("heads", INTEGER), ("head_dimension", INTEGER)),
        ("batch", "tokens"), "attention without mask"),
    Family(
        "mla_prefill", _LATENT, ("batch", "new_tokens", "past_tokens"),
        "multi-head latent attention, prefill; scope: kernel (attention alone), module (with its projections), "
        "wide_expert_module; heads are those of one accelerator"),
    Family(
        "mla_decode", _LATENT, ("batch", "context_tokens"), "multi-head latent attention, decode; as mla_prefill"),
    Family(
        "sparse_attention",
        (("operation", TEXT), ("phase", TEXT), ("model", TEXT), ("attention_dtype", TEXT), ("kv_cache_dtype", TEXT),
         ("gemm_dtype", TEXT), ("heads", INTEGER), ("tensor_parallel", INTEGER), ("compress_ratio", INTEGER),
         ("score_mode", TEXT)),
        ("batch", "new_tokens", "past_tokens"),
        "sparse attention modules and their parts (DSA, DeepSeek-V4 CSA/HCA, MSA); phase: prefill or decode"),
    Family(
        "linear_attention",
        (("operation", TEXT), ("phase", TEXT), ("model", TEXT), ("hidden", INTEGER), ("key_heads", INTEGER),
         ("key_head_dimension", INTEGER), ("value_heads", INTEGER), ("value_head_dimension", INTEGER),
         ("state_dimension", INTEGER), ("groups", INTEGER), ("chunk_tokens", INTEGER), ("convolution_width", INTEGER)),
        ("batch", "tokens_per_sequence"), "gated delta rule, KDA and Mamba-2 kernels; phase: prefill, decode, verify"),
    Family(
        "moe",
        (("variant", TEXT), ("phase", TEXT), ("dtype", TEXT), ("hidden", INTEGER), ("intermediate", INTEGER),
         ("top_k", INTEGER), ("experts", INTEGER), ("expert_slots", INTEGER), ("tensor_parallel", INTEGER),
         ("expert_parallel", INTEGER), ("distribution", TEXT)),
        ("num_tokens",),
        "routed experts of one layer on one accelerator (grouped GEMMs with activation); num_tokens: tokens before "
        "top_k of the whole expert group for variants fused and wide_expert*, of one rank for megamoe"),
    Family(
        "mlp", (("phase", TEXT), ("dtype", TEXT), ("hidden", INTEGER), ("intermediate", INTEGER)), ("num_tokens",),
        "gated feed-forward block (shared expert), measured as one"),
    Family(
        "batched_gemm", (("operation", TEXT), ("dtype", TEXT), ("heads", INTEGER)), ("num_tokens",),
        "per-head products of absorbed MLA (before: 128 to 512, after: 512 to 128)"),
    Family(
        "collectives",
        (("operation", TEXT), ("dtype", TEXT), ("accelerators", INTEGER), ("implementation", TEXT)),
        ("message_bytes",),
        "one collective; message_bytes: the whole buffer of an all-reduce, the gathered (scattered) buffer of an "
        "all-gather (reduce-scatter), the send buffer of an all-to-all"),
    Family(
        "expert_all_to_all",
        (("operation", TEXT), ("phase", TEXT), ("dtype", TEXT), ("accelerators", INTEGER), ("nodes", INTEGER),
         ("hidden", INTEGER), ("top_k", INTEGER), ("experts", INTEGER), ("communication_sms", INTEGER),
         ("distribution", TEXT), ("implementation", TEXT)),
        ("num_tokens",), "dispatch and combine of routed tokens; num_tokens: tokens of one rank"),
    Family(
        "elementwise", (("operation", TEXT), ("dtype", TEXT), ("width", INTEGER)), ("rows",),
        "memory-bound kernels on a rows x width tensor: norms, activations, quantisation, hyper-connections, copies"),
    Family(
        "memory_copy", (("direction", TEXT),), ("message_bytes",),
        "copies: device_to_device, host_to_device, device_to_host, peer_to_peer"),
)
BY_NAME = {family.name: family for family in FAMILIES}


def schema_sql(family):
    """The statements that make the tables and views of a family."""
    identity_and_shape = ",\n  ".join(f"{name} {kind} NOT NULL" for name, kind in IDENTITY + family.shape)
    load = ",\n  ".join(f"{name} INTEGER NOT NULL" for name in family.load)
    key = ", ".join(("series_id",) + family.load_columns)
    telemetry = ",\n  ".join(f"{name} {kind}" for name, kind in TELEMETRY)
    name = family.name
    same_point = " AND ".join(f"t.{column} = p.{column}" for column in ("series_id",) + family.load_columns)
    view_columns = ", ".join(
        [f"s.{column}" for column in family.series_columns] + [f"p.{column}" for column in family.load_columns])
    shape_key = ", ".join(
        [f"s.{column}" for column in ("system", "framework") + tuple(n for n, _ in family.shape)]
        + [f"p.{column}" for column in family.load_columns])
    return f"""
CREATE TABLE {name}_series (
  series_id INTEGER PRIMARY KEY,
  {identity_and_shape},
  host_bound_suspected INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE {name}_points (
  series_id INTEGER NOT NULL,
  {load},
  latency_nanoseconds INTEGER NOT NULL CHECK (latency_nanoseconds > 0),
  PRIMARY KEY ({key})
) WITHOUT ROWID;
CREATE TABLE {name}_telemetry (
  series_id INTEGER NOT NULL,
  {load},
  {telemetry},
  PRIMARY KEY ({key})
) WITHOUT ROWID;
CREATE VIEW {name} AS
  SELECT s.series_id, {view_columns}, p.latency_nanoseconds * 1e-9 AS latency_seconds,
    {", ".join("t." + column for column, _ in TELEMETRY)}, s.host_bound_suspected
  FROM {name}_series s JOIN {name}_points p USING (series_id)
  LEFT JOIN {name}_telemetry t ON {same_point};
CREATE VIEW {name}_best AS
  SELECT {shape_key}, MIN(p.latency_nanoseconds) * 1e-9 AS latency_seconds, s.kernel, s.framework_version,
    COUNT(*) AS measurements
  FROM {name}_series s JOIN {name}_points p USING (series_id)
  GROUP BY {shape_key};
"""


def index_sql(family):
    """The index by which calibration finds the series of a system."""
    return (
        f"CREATE INDEX {family.name}_by_system ON {family.name}_series "
        f"({', '.join(('system', 'framework') + tuple(name for name, _ in family.shape))});")
