/// The serving framework that runs a replica.
public enum Framework: String, Sendable, CaseIterable {
  /// vLLM, V1 engine.
  case vllm
  /// TensorRT-LLM.
  case tensorRTLLM = "tensorrt-llm"
  /// SGLang.
  case sglang
}

/// How a replica spreads over accelerators.
public struct Parallelism: Sendable, Equatable {
  /// Accelerators that share each attention head group and dense matrix, >= 1.
  public var tensor: Int
  /// Stages of layers, >= 1.
  public var pipeline: Int
  /// Accelerators that routed experts are spread over whole, >= 1; within `tensor` × `attentionData`.
  public var expert: Int
  /// Groups that hold attention and its KV cache for requests of their own, >= 1.
  public var attentionData: Int

  /// Creates a layout; all counts >= 1.
  public init(tensor: Int = 1, pipeline: Int = 1, expert: Int = 1, attentionData: Int = 1) {
    self.tensor = tensor
    self.pipeline = pipeline
    self.expert = expert
    self.attentionData = attentionData
  }

  /// Accelerators of one pipeline stage.
  public var acceleratorsPerStage: Int { tensor * attentionData }
  /// Accelerators of one replica.
  public var accelerators: Int { acceleratorsPerStage * pipeline }
}
