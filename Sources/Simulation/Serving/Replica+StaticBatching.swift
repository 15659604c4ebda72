/// Sequences of a static batch that are over: they keep their places, and steps work on them, until the batch is over.
struct Padding {
  private(set) var sequences = 0
  /// Sum of their contexts, in tokens.
  private(set) var contextSum = 0
  /// KV blocks that they keep.
  private(set) var blocks = 0

  /// A sequence is over.
  mutating func add(context: Int, blocks: Int) {
    sequences += 1
    contextSum += context
    self.blocks += blocks
  }

  /// Steps over the batch pad each of them by a token.
  mutating func advance(_ steps: Int) { contextSum += sequences * steps }

  /// Whether nobody may join now: a static batch runs.
  @inline(__always)
  func closesBatch(_ engine: Engine, _ running: RunningList) -> Bool {
    engine.options.batching == .static && running.count > 0
  }
}

/// Static batching: a batch begins when the one before it is over.
extension Replica {
  /// Whether this step may begin a batch; what the last one kept is then given back.
  mutating func opensBatch(engine: Engine) -> Bool {
    guard running.count == 0, inbound == 0 else { return false }
    cache.give(padding.blocks)
    padding = Padding()
    return true
  }
}
