extension ConfigReader {
  /// The formats that the checkpoint is published in, from `dtype` and `quantization_config`.
  ///
  /// Only formats that cover the linear layers uniformly are recognised; any other leaves a note and counts as
  /// 16-bit, since a scenario states its precision anyway.
  mutating func nativePrecision() throws(ModelError) -> Precision {
    let named = try text("torch_dtype")
    let stored = try text("dtype") ?? named
    let base: DataType = stored == "float16" ? .fp16 : .bf16
    var precision = Precision(
      weights: base, activations: base, keyValueCache: base, languageModelHead: base, embedding: base)
    // DeepSeek-V4 keeps its routed experts in FP4 with one 8-bit power of two per 32 elements.
    let expertsInFP4 = try text("expert_dtype") == "fp4"
    guard var quantisation = try nested("quantization_config") else { return precision }
    if let format = try quantisation.quantisedFormat() {
      quantisation.apply(format, to: &precision)
      if expertsInFP4, format.weights == .fp8Block { precision.experts = .mxfp4 }
    } else {
      let method = try quantisation.text("quant_method") ?? "unnamed"
      notes.append(
        "quantization_config (\(method)) is not read: native precision taken as \(base.rawValue)")
    }
    return precision
  }

  /// Formats of the quantised linear layers.
  private struct QuantisedFormat {
    var weights: DataType
    /// Nil where activations stay at 16 bits.
    var activations: DataType?
  }

  private mutating func quantisedFormat() throws(ModelError) -> QuantisedFormat? {
    switch (try text("quant_method"), try text("quant_algo")) {
    case ("fp8"?, _):
      return QuantisedFormat(weights: has("weight_block_size") ? .fp8Block : .fp8, activations: .fp8)
    case ("mxfp4"?, _): return QuantisedFormat(weights: .mxfp4, activations: nil)
    case (_, "FP8"?): return QuantisedFormat(weights: .fp8, activations: .fp8)
    case (_, "NVFP4"?): return QuantisedFormat(weights: .nvfp4, activations: .nvfp4)
    case ("compressed-tensors"?, _), ("modelopt"?, nil): return try groupFormat()
    default: return nil
    }
  }

  /// The format of a single group that targets all linear layers, as compressed-tensors writes it.
  private mutating func groupFormat() throws(ModelError) -> QuantisedFormat? {
    guard var groups = try nested("config_groups"), !groups.has("group_1"),
      var group = try groups.nested("group_0"), try group.words("targets") == ["Linear"],
      var weights = try group.nested("weights"), let format = try weights.elementFormat()
    else { return nil }
    guard var activations = try group.nested("input_activations") else {
      return QuantisedFormat(weights: format, activations: nil)
    }
    return QuantisedFormat(weights: format, activations: try activations.elementFormat())
  }

  private mutating func elementFormat() throws(ModelError) -> DataType? {
    let bits = try optionalSize("num_bits", limit: 64)
    let group = try optionalSize("group_size", limit: Limit.hidden)
    switch (try text("type"), bits, group) {
    case ("float"?, 4?, 16?): return .nvfp4
    case ("float"?, 4?, 32?): return .mxfp4
    case ("float"?, 8?, nil): return .fp8
    case ("float"?, 8?, 32?): return .mxfp8
    case ("int"?, 4?, 32?): return .int4Group32
    case ("int"?, 4?, 128?): return .int4
    case ("int"?, 8?, nil): return .int8
    default: return nil
    }
  }

  /// Puts the format on those parts that the configuration doesn't keep at 16 bits.
  private mutating func apply(_ format: QuantisedFormat, to precision: inout Precision) {
    let base = precision.weights
    precision.activations = format.activations ?? base
    let kept = ["ignore", "modules_to_not_convert", "exclude_modules"].flatMap { moduleNames($0) }
    let keepsAttention = kept.contains { $0.contains("self_attn") }
    let keepsShared = kept.contains { $0.contains("shared_expert") }
    // gpt-oss names no shared experts because it has none: all that is left are the routed ones.
    if keepsShared || format.weights == .mxfp4 {
      precision.experts = format.weights
    } else {
      precision.weights = format.weights
      precision.attention = keepsAttention ? base : nil
    }
  }

  private mutating func moduleNames(_ key: String) -> [String] {
    guard case .array(let items)? = value(key)?.value else { return [] }
    return items.compactMap { if case .string(let name) = $0 { name } else { nil } }
  }
}
