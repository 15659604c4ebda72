/// Batch sizes that a framework captured as graphs: a step that only decodes is padded to the next one.
///
/// Padding takes the time of real sequences but for attention over a context. Larger batches than the last size are
/// launched as they are.
@frozen
public struct GraphBuckets: Sendable, Equatable {
  /// The sizes in sequences of one attention group, ascending, each >= 1; empty where nothing is padded.
  public let sizes: [Int]

  /// Buckets of these sizes, in ascending order.
  public init(sizes: [Int]) {
    precondition(zip(sizes, sizes.dropFirst()).allSatisfy { $0 < $1 }, "graph sizes out of order")
    self.sizes = sizes
  }

  /// No padding.
  public static let none = GraphBuckets(sizes: [])

  /// The sizes that a framework captures unless told otherwise, up to its largest batch.
  ///
  /// Sources: vLLM 0.19 `VllmConfig` (1, 2, 4, eights to 256, sixteens to twice the batch, 512 at most); TensorRT-LLM 1.2
  /// `CudaGraphConfig` with padding, as its recipes set it (1, 2, 4, eights to 128, powers of two); SGLang 0.5.9
  /// `ServerArgs` (1, 2, 4, 8, 12, eights to 256, sixteens to 512).
  ///
  /// - Parameters:
  ///   - framework: the framework.
  ///   - batch: requests that one attention group may run at once, >= 1.
  /// - Returns: the buckets.
  public static func captured(by framework: Framework, batch: Int) -> GraphBuckets {
    let eights = Array(stride(from: 8, through: 256, by: 8))
    let sizes: [Int]
    switch framework {
    case .vllm:
      sizes = ([1, 2, 4] + eights + stride(from: 272, through: 512, by: 16)).filter { $0 <= 2 * batch }
    case .tensorRTLLM:
      let some = [1, 2, 4] + eights.prefix(16) + [256, 512, 1024, 2048]
      sizes = some.filter { $0 < batch } + [batch]
    case .sglang:
      let some = [1, 2, 4, 8, 12] + eights.dropFirst() + stride(from: 272, through: 512, by: 16)
      sizes = some.filter { $0 < batch } + (batch <= 512 ? [batch] : [])
    }
    return GraphBuckets(sizes: sizes)
  }

  /// The size of the graph that runs `sequences` >= 1; `sequences` itself beyond the last.
  ///
  /// O(log sizes).
  @inlinable
  public func padded(_ sequences: Int) -> Int {
    var low = 0
    var high = sizes.count
    while low < high {
      let middle = (low + high) / 2
      if sizes[middle] < sequences { low = middle + 1 } else { high = middle }
    }
    return low < sizes.count ? sizes[low] : sequences
  }
}
