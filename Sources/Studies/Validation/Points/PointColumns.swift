/// The columns of files of benchmark points, in their order.
public enum PointColumns {
  /// What was run.
  private static let settings = [
    "id", "suite", "source", "date", "system", "accelerators", "framework", "framework_version", "model",
    "weights",
    "kv_cache", "mode", "tp", "pp", "ep", "attention_dp", "replicas", "prefill_workers", "prefill_tp",
    "prefill_ep",
    "prefill_attention_dp", "prefill_batch", "decode_workers", "decode_tp", "decode_ep",
    "decode_attention_dp",
    "decode_batch", "load", "concurrency", "request_rate", "requests", "isl", "osl", "lengths",
    "max_batch_size",
    "max_batch_tokens", "power_cap_watts",
  ]

  /// All of them: settings, figures, notes.
  public static let all = settings + MeasuredColumn.inFiles.map(\.rawValue) + ["notes"]
}
