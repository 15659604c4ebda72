import CostModel
import Workload

/// Prompts that begin as others did: what of them is cached, held and let go.
extension Replica {
  /// Looks up what of a waiting request's prompt is cached: its prefill begins after that.
  ///
  /// The last token is always computed, since its output is the first of the answer.
  @inline(__always)
  mutating func lookUp(_ slot: Int32, engine: Engine, shop: inout Shop) {
    guard cache.prefixes != nil else { return }
    find(slot, engine: engine, shop: &shop)
  }

  private mutating func find(_ slot: Int32, engine: Engine, shop: inout Shop) {
    let request = shop.requests[slot]
    guard request.state == .waiting, let prefixes = cache.prefixes,
      let content = engine.prompts[Int(request.stream)]
    else { return }
    let tokens =
      content.sharesAnswers ? request.prefillTokens - 1 : min(request.prefillTokens - 1, Int(request.input))
    let most = content.blocks(ofRequest: request.index, tokens: tokens)
    let match = prefixes.match(content, ofRequest: request.index, blocks: most)
    shop.requests[slot].cachedBlocks = Int32(match.blocks)
    shop.requests[slot].sharedBlocks = Int32(match.inUse)
    shop.requests[slot].progress = Int32(match.blocks * content.blockTokens)
  }

  /// A request that starts takes hold of what was found.
  ///
  /// - Returns: KV blocks that it has taken by that.
  mutating func holdFound(_ slot: Int32, engine: Engine, shop: inout Shop) -> Int {
    guard cache.prefixes != nil, shop.requests[slot].cachedBlocks > 0 else { return 0 }
    let request = shop.requests[slot]
    guard let content = engine.prompts[Int(request.stream)] else { return 0 }
    let end = ChainBlock(
      content: content, request: request.index, position: Int(request.cachedBlocks) - 1)
    let held = cache.hold(end)
    fetchSeconds += held.seconds
    shop.requests[slot].sharedBlocks = 0
    return held.taken
  }

  /// The first `tokens` tokens of a request are computed: their whole blocks may be found by others.
  @inline(__always)
  mutating func keepComputed(_ slot: Int32, tokens: Int, engine: Engine, shop: inout Shop) {
    guard cache.prefixes != nil else { return }
    let request = shop.requests[slot]
    guard let content = engine.prompts[Int(request.stream)] else { return }
    let common = content.sharesAnswers ? tokens : min(tokens, Int(request.input))
    let whole = content.blocks(ofRequest: request.index, tokens: common)
    let blocksEach = content.blockTokens / engine.cache.blockTokens
    var block = Int(request.cachedBlocks)
    guard block < whole else { return }
    while block < whole {
      cache.keep(ChainBlock(content: content, request: request.index, position: block), blocks: blocksEach)
      block += 1
    }
    shop.requests[slot].cachedBlocks = Int32(whole)
  }

  /// A request lets go of its cached blocks.
  ///
  /// - Returns: KV blocks that it shared with the cache, which are not its own to give back.
  mutating func letGo(_ request: inout Request, engine: Engine) -> Int {
    guard cache.prefixes != nil, request.cachedBlocks > 0,
      let content = engine.prompts[Int(request.stream)]
    else { return 0 }
    let blocks = Int(request.cachedBlocks)
    cache.release(ChainBlock(content: content, request: request.index, position: blocks - 1))
    request.cachedBlocks = 0
    return blocks * (content.blockTokens / engine.cache.blockTokens)
  }
}

/// A prefix cache's part in the account of blocks.
extension BlockPool {
  /// A request takes hold of cached blocks; KV blocks that it takes by that, and seconds to fetch them.
  mutating func hold(_ end: ChainBlock) -> (taken: Int, seconds: Double) {
    guard let held = prefixes?.hold(end) else { return (0, 0) }
    take(held.taken)
    return held
  }

  /// A request that has computed a block shares it.
  mutating func keep(_ block: ChainBlock, blocks: Int) { give(prefixes?.keep(block, blocks: blocks) ?? 0) }

  /// A request lets go of blocks that it shared.
  mutating func release(_ end: ChainBlock) { give(prefixes?.release(end) ?? 0) }
}

extension CostVector {
  /// Stretches a step that waits for what it fetches: layers wait for their own blocks, so that fetching and computing
  /// overlap (SGLang's hierarchical cache; vLLM's KV connectors load layer by layer).
  mutating func last(atLeast seconds: Double) {
    wait(seconds - self[.time])
  }

  /// Stretches a step by a wait for what comes over a link; none where it is negative.
  mutating func wait(_ seconds: Double) {
    guard seconds > 0 else { return }
    self[.time] += seconds
    self[.framework] += seconds
    self[.network] += seconds
  }
}
