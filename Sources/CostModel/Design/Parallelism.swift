/// The serving framework that runs a replica.
public enum Framework: String, Sendable, CaseIterable {
  /// vLLM, V1 engine.
  case vllm
  /// TensorRT-LLM.
  case tensorRTLLM = "tensorrt-llm"
  /// SGLang.
  case sglang

  /// Whether its scheduler prepares the next step while the accelerators work on this one, unless told otherwise.
  ///
  /// TensorRT-LLM's overlap scheduler and SGLang's overlap schedule are on by default; vLLM's asynchronous scheduling
  /// (0.11) is not.
  public var schedulesAhead: Bool { self != .vllm }
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
  /// Groups that share each prompt: each works on its part of the tokens and keeps its part of the KV cache; >= 1.
  ///
  /// They are attention groups, so that ``attentionData`` is the same number where it is more than 1.
  public private(set) var context: Int

  /// Creates a layout; all counts >= 1, and attention groups are one kind or the other.
  public init(
    tensor: Int = 1, pipeline: Int = 1, expert: Int = 1, attentionData: Int = 1, context: Int = 1
  ) {
    precondition(context == 1 || attentionData == 1, "attention groups of two kinds")
    self.tensor = tensor
    self.pipeline = pipeline
    self.expert = expert
    self.attentionData = max(attentionData, context)
    self.context = context
  }

  /// Attention groups that hold requests of their own.
  public var requestGroups: Int { context > 1 ? 1 : attentionData }

  /// Accelerators of one pipeline stage.
  public var acceleratorsPerStage: Int { tensor * attentionData }
  /// Accelerators of one replica.
  public var accelerators: Int { acceleratorsPerStage * pipeline }
}
