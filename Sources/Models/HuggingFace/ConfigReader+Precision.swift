extension ConfigReader {
  /// The formats that the checkpoint is published in, from `dtype` and `quantization_config`.
  ///
  /// Only the formats that whole families ship in are recognised; any other leaves a note and counts as
  /// 16-bit, since a scenario states its precision anyway.
  mutating func nativePrecision() throws(ModelError) -> Precision {
    let named = try text("torch_dtype")
    let stored = try text("dtype") ?? named
    ignore("expert_dtype")
    let base: DataType = stored == "float16" ? .fp16 : .bf16
    var precision = Precision(
      weights: base, activations: base, keyValueCache: base, languageModelHead: base, embedding: base)
    guard var quantisation = try nested("quantization_config") else { return precision }
    let method = try quantisation.text("quant_method") ?? "unnamed"
    let algorithm = try quantisation.text("quant_algo")
    switch (method, algorithm) {
    case ("fp8", _):
      precision.weights = quantisation.has("weight_block_size") ? .fp8Block : .fp8
      precision.activations = .fp8
    case ("mxfp4", _):
      precision.experts = .mxfp4
    case ("modelopt", "FP8"?):
      precision.weights = .fp8
      precision.activations = .fp8
    case ("modelopt", "NVFP4"?):
      precision.weights = .nvfp4
      precision.activations = .nvfp4
    default:
      notes.append(
        "quantization_config (\(method)) is not read: native precision taken as \(base.rawValue)")
    }
    return precision
  }
}
