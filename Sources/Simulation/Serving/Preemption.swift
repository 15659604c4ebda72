/// What happens to the KV cache of a decoding request that has to make room.
public enum Preemption: Sendable, Equatable {
  /// It is dropped and computed again (vLLM V1, SGLang, TensorRT-LLM).
  case recompute
  /// It is copied to the host and back (vLLM V0 `preemption_mode: swap`), while the host has room for it.
  case swap(SwapSpace)
}

/// Memory of the host that preempted requests are copied to.
public struct SwapSpace: Sendable, Equatable {
  /// KV blocks that it holds, >= 1.
  public var blocks: Int
  /// Seconds in which one block is copied, in either direction, > 0.
  ///
  /// Steps wait for their copies (vLLM V0 issues them on the stream of the model).
  public var secondsPerBlock: Double

  /// A space; see the properties for ranges.
  public init(blocks: Int, secondsPerBlock: Double) {
    precondition(blocks >= 1 && secondsPerBlock > 0, "a swap space of nothing, or copies in no time")
    self.blocks = blocks
    self.secondsPerBlock = secondsPerBlock
  }
}
