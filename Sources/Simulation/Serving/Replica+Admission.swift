import CostModel
import DequeModule

/// What a step has left for prompts.
struct StepRoom {
  /// Tokens of the budget.
  var tokens: Int
  /// Free KV blocks.
  var blocks: Int
  /// Whether no prompt is in the step yet.
  var isFirst: Bool
  /// Whether nothing runs yet.
  var isAlone: Bool

  /// The tokens of a waiting request's prompt that the step takes and the blocks that they need; nil when it must wait.
  @inline(__always)
  func share(of view: RequestView, engine: Engine) -> (tokens: Int, blocks: Int)? {
    let options = engine.options
    guard
      options.chunkedPrefill || view.prefillLeft <= tokens
        || view.prefillLeft > options.maximumBatchTokens && isFirst
    else { return nil }
    let size = min(view.prefillLeft, tokens, options.longPrefillThreshold)
    let needed =
      options.capacityPolicy == .reserveToEnd
      ? engine.reservedBlocks(view)
      : engine.cache.blocks(forTokens: view.prefillDone + size) - view.sharedBlocks
    return blocks - needed >= (isAlone ? 0 : engine.cache.watermarkBlocks) ? (size, needed) : nil
  }

  /// The blocks that a request needs whose cache comes from another pool or from the host; nil when it must wait.
  @inline(__always)
  func blocks(of request: Request, engine: Engine) -> Int? {
    let needed =
      request.state == .swapped
      ? engine.cache.blocks(forTokens: Int(request.input) + Int(request.generated))
      : engine.arrivingBlocks(request)
    return blocks - needed >= (isAlone ? 0 : engine.cache.watermarkBlocks) ? needed : nil
  }
}
