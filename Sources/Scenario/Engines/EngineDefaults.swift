import CostModel
import Hardware
import Quantities
import Simulation

/// What an engine does where a scenario doesn't say: the defaults of the framework.
struct EngineDefaults {
  let version: String
  let maximumBatchSize: Int
  let maximumBatchTokens: Int
  let chunkedPrefill: Bool
  let capacityPolicy: CapacityPolicy
  let memoryFraction: Double
  let blockTokens: Int

  /// - vLLM 0.11, API server (`EngineArgs.get_batch_defaults`, `CacheConfig`): 1,024 sequences and 8,192 tokens on
  ///   devices of at least 70 GiB other than A100, 256 and 2,048 on the rest.
  /// - TensorRT-LLM 1.0, PyTorch back end (`TorchLlmArgs`, `KvCacheConfig`): 2,048 requests and 8,192 tokens.
  /// - SGLang 0.5 (`ServerArgs`): chunks of 2,048 to 16,384 tokens by the size of the device; at least 2,048 requests;
  ///   its memory fraction lies between 0.83 and 0.9, by device and chunk.
  init(_ framework: Framework, on system: SystemSpecification) {
    var fraction = 0.9
    switch framework {
    case .vllm:
      let isLarge =
        system.accelerator.memory.si >= 70 * 1_073_741_824 && system.architecture != .ampere
      version = "0.11.0"
      maximumBatchSize = isLarge ? 1024 : 256
      maximumBatchTokens = isLarge ? 8192 : 2048
      chunkedPrefill = true
      capacityPolicy = .currentUse
      blockTokens = 16
    case .tensorRTLLM:
      version = "1.0"
      maximumBatchSize = 2048
      maximumBatchTokens = 8192
      chunkedPrefill = false
      capacityPolicy = .reserveToEnd
      blockTokens = 32
    case .sglang:
      version = "0.5"
      maximumBatchSize = 2048
      maximumBatchTokens = Self.chunkedPrefillSize(on: system)
      chunkedPrefill = true
      capacityPolicy = .currentUse
      blockTokens = 1
      fraction = 0.88
    }
    memoryFraction = fraction
  }

  /// SGLang's chunk by memory of the device, in GiB.
  private static func chunkedPrefillSize(on system: SystemSpecification) -> Int {
    switch system.accelerator.memory.si / 1_073_741_824 {
    case ..<35: 2048
    case ..<60: 4096
    case ..<160: 8192
    default: 16_384
    }
  }
}
