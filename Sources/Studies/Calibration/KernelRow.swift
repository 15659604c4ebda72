import CostModel
import Hardware
import Models

/// A measured kernel: what it did, where, and how long it took.
struct KernelRow {
  /// The operator that it belongs to: a raw value of `OperatorClass`, or `all_reduce`.
  let operation: String
  let system: String
  /// nil where the measurements of all frameworks are pooled.
  let framework: String?
  /// The versions of the framework that ran it; nil for the fastest of all versions.
  var era: KernelEra?
  let work: KernelWork
  let seconds: Double
  /// Exchanges: bytes and accelerators.
  var bytes = 0.0
  var accelerators = 0
  /// Board power in watts; nil where it is not asked for.
  var watts: Double?

  /// The surface that it helps to fit, its system's generation aside.
  var key: String { operation + "|" + work.format + "|" + (owner ?? "") }

  /// The framework, and the versions of it where they differ: `vllm before 0.15`; nil where all are pooled.
  var owner: String? { CalibratedSurface.owner(framework, before: era?.before) }
}

/// Versions of a framework that ran other kernels than later ones.
struct KernelEra {
  /// One of them.
  let version: String
  /// The first version after them.
  let before: String
}

/// Formats as the measurement store names them.
enum StoreFormat {
  /// Weights and activations of a store's `dtype`; nil for those that no model here uses.
  static func pair(_ dtype: String) -> (weights: DataType, activations: DataType)? {
    switch dtype {
    case "bf16": (.bf16, .bf16)
    case "fp8": (.fp8, .fp8)
    case "fp8_block": (.fp8Block, .fp8)
    case "nvfp4": (.nvfp4, .nvfp4)
    case "int4_wo": (.int4, .bf16)
    case "w4a16_mxfp4": (.mxfp4, .bf16)
    case "w4a8_mxfp4_mxfp8": (.mxfp4, .mxfp8)
    default: nil
    }
  }

  /// The cache format of a store's `kv_cache_dtype`.
  static func cache(_ dtype: String) -> DataType? {
    switch dtype {
    case "bf16": .bf16
    case "fp8": .fp8
    default: nil
    }
  }
}
