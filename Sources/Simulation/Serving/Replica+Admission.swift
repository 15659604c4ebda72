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

/// TensorRT-LLM's wait for fuller batches.
extension Replica {
  /// Whether this step holds back the prompts that it could process, for want of more of them.
  mutating func holdsBack(budget: Int, engine: Engine, shop: inout Shop) -> Bool {
    guard let wait = engine.options.batchWait, decoding.count > 0 else { return false }
    let prompts = promptTokens(budget: budget, engine: engine, shop: &shop)
    guard prompts > 0 else { return false }
    let enough = wait.share * Double(engine.options.maximumBatchTokens)
    if waitedSteps < wait.steps, Double(prompts + decoding.count * engine.cost.queries) < enough {
      return true
    }
    waitedSteps = 0
    return false
  }

  /// Tokens of the whole prompts that this step could work on.
  private mutating func promptTokens(budget: Int, engine: Engine, shop: inout Shop) -> Int {
    var sum = 0
    var slots = slotsTaken
    var room = StepRoom(
      tokens: budget, blocks: cache.free, isFirst: chunks.isEmpty, isAlone: running.count == 0)
    if partial >= 0 {
      let view = RequestView(shop.requests[partial])
      let left = view.prefillLeft
      let size = min(left, budget)
      guard size > 0 else { return 0 }
      if engine.options.capacityPolicy == .currentUse {
        room.blocks -=
          engine.cache.blocks(forTokens: view.prefillDone + size)
          - engine.cache.blocks(forTokens: view.prefillDone)
      }
      // It will lose its blocks.
      guard room.blocks >= 0 else { return 0 }
      sum += view.prefillTokens
      guard size == left else { return sum }
      room.tokens -= size
      room.isFirst = false
    }
    var position = 0
    while room.tokens > 0, slots < engine.options.maximumBatchSize {
      guard nextWaiting(position, engine: engine, shop: &shop) else { break }
      if shop.requests[waiting[position]].hasCacheElsewhere {
        guard let needed = room.blocks(of: shop.requests[waiting[position]], engine: engine) else { break }
        room.blocks -= needed
        slots += 1
        position += 1
        continue
      }
      lookUp(waiting[position], engine: engine, shop: &shop)
      let view = RequestView(shop.requests[waiting[position]])
      guard let share = room.share(of: view, engine: engine) else { break }
      sum += view.prefillLeft
      guard share.tokens == view.prefillLeft else { break }
      room.tokens -= share.tokens
      room.blocks -= share.blocks
      room.isFirst = false
      room.isAlone = false
      slots += 1
      position += 1
    }
    return sum
  }
}
