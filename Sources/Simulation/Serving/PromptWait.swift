import CostModel

/// TensorRT-LLM's wait for fuller batches: prompts are held back while others decode.
///
/// Until `steps` steps were waited for, or prompts and decoding tokens make up `share` of the token budget
/// (`batch_wait_timeout_iters`, `batch_wait_max_tokens_ratio` of its PyTorch back end).
public struct BatchWait: Sendable, Equatable {
  /// Steps to wait at most, >= 0.
  public var steps: Int
  /// Share of the token budget that ends the wait, in 0...1.
  ///
  /// With 0 nothing ever waits.
  public var share: Double

  /// A wait; see the properties for ranges.
  public init(steps: Int, share: Double) {
    self.steps = steps
    self.share = share
  }
}

/// TensorRT-LLM's balance of attention groups: while all groups decode, prompts are held back until each has one.
///
/// A step waits for the group with most to do, so that a prompt in one group alone would hold up all others
/// (`attention_dp_config.enable_balance` of its PyTorch back end).
public struct AttentionBalance: Sendable, Equatable {
  /// Attention groups, >= 1; prompts are dealt to them one by one.
  public var groups: Int
  /// Steps until prompts go on although not every group has one (`timeout_iters`), >= 0.
  ///
  /// They count from the last time that prompts went on or all groups had one, whether prompts are there or not.
  public var timeoutSteps: Int
  /// Steps that prompts wait for more of them when every group has one (`batching_wait_iters`), >= 0.
  public var batchingSteps: Int

  /// A balance; see the properties for ranges.
  public init(groups: Int, timeoutSteps: Int = 50, batchingSteps: Int = 10) {
    self.groups = groups
    self.timeoutSteps = timeoutSteps
    self.batchingSteps = batchingSteps
  }
}

/// How long a replica has waited for prompts of all attention groups.
struct AttentionBalanceState: Sendable {
  private enum Hold { case none, forGroups, forMore }

  private var hold = Hold.none
  private var waited = 0
  private var batched = 0

  /// Whether a step holds back its prompts.
  ///
  /// - Parameters:
  ///   - balance: the policy.
  ///   - prompts: those that it could work on.
  ///   - decodes: requests that decode.
  ///   - slots: requests that the batch has room for beside them.
  /// - Returns: whether it does.
  mutating func decide(_ balance: AttentionBalance, prompts: Int, decodes: Int, slots: Int) -> Bool {
    hold = .none
    guard decodes >= balance.groups else {
      waited = 0
      return false
    }
    if prompts >= balance.groups, slots >= balance.groups {
      waited = 0
      guard batched < balance.batchingSteps else {
        batched = 0
        return false
      }
      hold = .forMore
      return true
    }
    guard prompts == 0 || waited + 1 < balance.timeoutSteps else {
      waited = 0
      return false
    }
    hold = .forGroups
    return prompts > 0
  }

  /// Steps for which prompts that are held back stay so.
  func stepsLeft(_ balance: AttentionBalance) -> Int {
    hold == .forMore ? balance.batchingSteps - batched : balance.timeoutSteps - 1 - waited
  }

  /// So many steps are over.
  mutating func advance(_ steps: Int, _ balance: AttentionBalance) {
    switch hold {
    case .none: break
    case .forMore: batched += steps
    case .forGroups: waited = (waited + steps) % max(balance.timeoutSteps, 1)
    }
  }
}

/// Prompts that wait while others decode.
extension Replica {
  /// Whether this step holds back the prompts that it could process, for want of more of them.
  mutating func holdsBack(budget: Int, engine: Engine, shop: inout Shop) -> Bool {
    if let balance = engine.options.attentionBalance {
      let prompts = prompts(budget: budget, engine: engine, shop: &shop).count
      return groupWait.decide(
        balance, prompts: prompts, decodes: decoding.count,
        slots: engine.options.maximumBatchSize - decoding.count)
    }
    guard let wait = engine.options.batchWait, decoding.count > 0 else { return false }
    let prompts = prompts(budget: budget, engine: engine, shop: &shop).tokens
    guard prompts > 0 else { return false }
    let enough = wait.share * Double(engine.options.maximumBatchTokens)
    if waitedSteps < wait.steps, Double(prompts + decoding.count * engine.cost.queries) < enough {
      return true
    }
    waitedSteps = 0
    return false
  }

  /// Steps for which what is held back stays so, unless something changes.
  @inline(__always)
  func stepsHeld(_ options: EngineOptions) -> Int {
    if let balance = options.attentionBalance { return groupWait.stepsLeft(balance) }
    return options.batchWait.map { $0.steps - waitedSteps } ?? .max
  }

  /// The prompts that this step could work on, and the tokens of all of each.
  private mutating func prompts(
    budget: Int, engine: Engine, shop: inout Shop
  ) -> (count: Int, tokens: Int) {
    var sum = (count: 0, tokens: 0)
    var slots = slotsTaken
    var room = StepRoom(
      tokens: budget, blocks: cache.free, isFirst: chunks.isEmpty, isAlone: running.count == 0)
    if partial >= 0 {
      let view = RequestView(shop.requests[partial])
      let left = view.prefillLeft
      let size = min(left, budget)
      guard size > 0 else { return sum }
      if engine.options.capacityPolicy == .currentUse {
        room.blocks -=
          engine.cache.blocks(forTokens: view.prefillDone + size)
          - engine.cache.blocks(forTokens: view.prefillDone)
      }
      // It will lose its blocks.
      guard room.blocks >= 0 else { return sum }
      sum = (1, view.prefillTokens)
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
      sum.count += 1
      sum.tokens += view.prefillLeft
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
