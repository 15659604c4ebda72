import CostModel
import Hardware
import Models

extension PointDraft {
  /// Models whose published NVFP4 checkpoints quantise the feed-forward layers only.
  ///
  /// Attention stays at 16 bits (quantisation configurations of nvidia/DeepSeek-R1-0528-NVFP4,
  /// nvidia/Kimi-K2.5-NVFP4, nvidia/MiniMax-M2.5-NVFP4, nvidia/GLM-5.3-NVFP4 and nvidia/Qwen3.5-397B-A17B-NVFP4).
  private static let wideAttentionInNVFP4 = [
    "deepseek-r1", "deepseek-v3", "deepseek-v3.2", "glm-5", "glm-5.3", "kimi-k2.5", "minimax-m2.5",
    "qwen3.5-397b-a17b",
  ]

  /// Models published at 16 bits whose FP8 checkpoints have blocks of 128 x 128.
  private static let blockFP8 = ["glm-5", "glm-5.3"]

  /// Formats of weights and activations by the point's word for the weights, then the format of the KV cache.
  mutating func settlePrecision() throws(Unpredictable) {
    let native = model.nativePrecision
    switch point.weights {
    case "":
      precision = native
      assume("weights", native.weights.rawValue, because: "not stated; as the model is published")
    case "bf16": precision = Precision(weights: .bf16)
    case "fp16": precision = Precision(weights: .fp16, activations: .fp16, languageModelHead: .fp16)
    case "fp8": settleFP8(native)
    case "mxfp4": settleMXFP4(native)
    case "nvfp4": settleNVFP4()
    case "int4":
      precision = native.experts == .int4Group32 ? native : Precision(weights: .int4)
      assume("activations", "bf16", because: "weights of 4-bit integers are widened before the product")
    case "int8": precision = Precision(weights: .int8, activations: .int8)
    default:
      throw Unpredictable("weights '\(point.weights)' are no known format")
    }
    try settleCache()
  }

  private func multiplies(_ type: Hardware.ComputeType) -> Bool {
    system.accelerator.peakRates[type] != nil
  }

  private mutating func settleFP8(_ native: Precision) {
    let isBlock =
      native.weights == .fp8Block || point.model.hasPrefix("Qwen/")
      || Self.blockFP8.contains(model.id)
    precision = Precision(
      weights: isBlock ? .fp8Block : .fp8, activations: multiplies(.fp8) ? .fp8 : .bf16)
    assume(
      "weights", precision.weights.rawValue,
      because: isBlock
        ? "the published FP8 checkpoint has blocks of 128 x 128" : "one scale a tensor or channel")
  }

  private mutating func settleMXFP4(_ native: Precision) {
    guard native.experts == .mxfp4 else {
      precision = Precision(weights: .mxfp4, activations: multiplies(.fp4) ? .mxfp4 : .bf16)
      assume(
        "activations", precision.activations.rawValue,
        because: "not stated; as the weights where the device can")
      return
    }
    precision = native
    precision.activations = system.architecture == .blackwell ? .mxfp8 : .bf16
    assume(
      "activations", precision.activations.rawValue,
      because: "MXFP4 experts meet MXFP8 activations on Blackwell and 16-bit ones elsewhere")
  }

  private mutating func settleNVFP4() {
    precision = Precision(weights: .nvfp4, activations: multiplies(.fp4) ? .nvfp4 : .bf16)
    guard Self.wideAttentionInNVFP4.contains(model.id) else { return }
    precision.attention = .bf16
    assume("attention weights", "bf16", because: "the published NVFP4 checkpoint keeps them")
  }

  private mutating func settleCache() throws(Unpredictable) {
    let wide: DataType = precision.languageModelHead == .fp16 ? .fp16 : .bf16
    switch point.keyValueCache {
    case "": break
    case "auto", "bf16", "fp16": return precision.keyValueCache = wide
    case "fp8", "fp8_e4m3", "fp8_e5m2": return precision.keyValueCache = .fp8
    default: throw Unpredictable("KV cache '\(point.keyValueCache)' is no known format")
    }
    let narrow = precision.weights.bitsPerElement <= 9 || precision.experts == .mxfp4
    var reason = "the framework's default: as the model computes"
    precision.keyValueCache = wide
    if point.suite == "mlperf", narrow, model.diffusion == nil {
      precision.keyValueCache = .fp8
      reason = "submissions with weights of 8 bits or fewer hold the cache in FP8"
    } else if framework == .tensorRTLLM, point.lengths == "fixed", point.weights == "fp8" {
      precision.keyValueCache = .fp8
      reason = "the campaign's FP8 engines hold more requests than a 16-bit cache has room for"
    } else if point.lengths == Self.inferenceXLengths {
      precision.keyValueCache = recipeCacheIsWide ? wide : .fp8
      reason = "InferenceX recipe, or the framework's default where it names no format"
    }
    assume("kv_cache", precision.keyValueCache.rawValue, because: reason)
  }

  /// Whether InferenceX's script for the point leaves the cache at 16 bits: it passes no `kv-cache-dtype`, and the
  /// checkpoint asks for none.
  private var recipeCacheIsWide: Bool {
    let isBlackwell = system.architecture == .blackwell
    if point.weights == "int4" || point.weights == "bf16" { return true }
    if precision.experts == .mxfp4 { return !isBlackwell }
    switch (framework, model.id) {
    case (.sglang, "deepseek-r1"), (.sglang, "deepseek-v3"), (.sglang, "glm-5"):
      return !isBlackwell && point.mode == .aggregated
    case (.vllm, "minimax-m2.5"):
      // FP8 caches came with the recipes for vLLM 0.19 (April 2026).
      return point.weights == "fp8" && Self.minimaxWithoutCacheFormat.contains(point.frameworkVersion)
    default: return false
    }
  }

  /// Versions of vLLM whose MiniMax recipes pass neither a cache format nor a token budget on Blackwell.
  static let minimaxWithoutCacheFormat = ["0.16.0", "0.17.0", "0.18.0"]
}
