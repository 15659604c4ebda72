import CostModel

/// The unit that progress of decoding requests is counted in: 1/1024 of a token.
///
/// Without speculative decoding every step is one token and everything a whole number of them.
enum TokenUnit {
  static let bits = 10
  /// Units of one token.
  static let one = 1 << bits
  /// Tokens of one unit.
  static let tokens = 1 / Double(one)
}

/// The decoding requests of a replica, which advance alike: one step is O(1), whatever the batch.
///
/// A request that joins at step s with N steps to come ends at step s + N, and gains equally in each of them; its
/// context in step s' is implied. Sums over the batch are kept: contexts, contexts in layers that bound them, tokens
/// that may still be generated, and what is needed to count KV blocks. An event of a slot that was preempted stays in
/// its heap until its step comes.
struct DecodeSet {
  /// Decoding requests.
  private(set) var count = 0
  /// The number of the next decode step.
  private(set) var step: Int64 = 0
  /// Sum of contexts in the next step, in units.
  private(set) var contextUnits = 0
  /// What a step adds to it.
  private(set) var growthUnits = 0
  /// The same sum in layers with a bounded context.
  private(set) var boundedUnits = 0
  /// What a step adds to it.
  private(set) var boundedGrowthUnits = 0
  /// Sum of what the decoding requests have gained since they joined, in units.
  private(set) var gainedUnits = 0
  /// Sum of the prompts of the decoding requests, in tokens.
  private(set) var inputSum = 0
  /// Sum of the output limits of the decoding requests, in tokens.
  private(set) var maximumOutputSum = 0

  private var finishes = StepHeap()
  private var boundEvents = StepHeap()
  /// When answers begin that hidden tokens come before.
  private var answers = StepHeap()
  private var blocks: BlockAccount
  private var limits: OutputLimits?
  private let bound: ContextBound
  private let replica: Int32

  init(
    replica: Int32, bound: ContextBound, blockTokens: Int, tracksBlocks: Bool, tracksLimits: Bool = false,
    advancesAlike: Bool = true
  ) {
    self.replica = replica
    self.bound = bound
    blocks =
      !tracksBlocks
      ? .none : advancesAlike ? .byPhase(PhaseAccount(blockTokens: blockTokens)) : .pooled(blockTokens)
    limits = tracksLimits ? OutputLimits() : nil
  }

  /// Sum of contexts in the next step, in tokens.
  var contextSum: Double { Double(contextUnits) * TokenUnit.tokens }
  /// Sum of contexts in layers that bound them in the next step, in tokens.
  var boundedSum: Double { Double(boundedUnits) * TokenUnit.tokens }
  /// Growth of ``contextSum`` in a step.
  var contextGrowth: Double { Double(growthUnits) * TokenUnit.tokens }
  /// Growth of ``boundedSum`` in a step.
  var boundedGrowth: Double { Double(boundedGrowthUnits) * TokenUnit.tokens }
  /// Output tokens that the decoding requests have, in whole tokens.
  var outputSum: Int { contextUnits >> TokenUnit.bits - inputSum }

  /// Whether a slot that a heap entry names still holds a request that decodes here.
  @inline(__always)
  private func isCurrent(_ request: Request) -> Bool {
    request.state == .decoding && request.replica == replica
  }

  /// The context of a decoding request in the next step, in units: its prompt and the tokens that it has.
  @inline(__always)
  private func contextUnits(of request: Request) -> Int {
    (request.prefillTokens + 1) << TokenUnit.bits + gainedUnits(of: request)
  }

  /// What a decoding request has gained since it joined, in units.
  @inline(__always)
  private func gainedUnits(of request: Request) -> Int {
    Int(request.unitsPerStep) * Int(step - request.joinStep)
  }

  /// The context of a decoding request in the next step, in whole tokens.
  @inline(__always)
  func context(of request: Request) -> Int { contextUnits(of: request) >> TokenUnit.bits }

  /// Output tokens that a decoding request has.
  @inline(__always)
  func tokensOut(of request: Request) -> Int {
    Int(request.generated) + 1 + gainedUnits(of: request) >> TokenUnit.bits
  }

  /// What a decoding request may still generate, in units.
  @inline(__always)
  private func remainingUnits(of request: Request) -> Int {
    Int(request.maximumOutput - request.generated - 1) << TokenUnit.bits - gainedUnits(of: request)
  }

  /// Adds a request whose prefill is done and which has `tokens` output tokens; the others take `steps` steps, nil for
  /// one each.
  mutating func join(_ slot: Int32, _ request: inout Request, having tokens: Int32, steps: Int? = nil) {
    request.state = .decoding
    request.generated = tokens - 1
    request.joinStep = step
    let left = Int(request.output - tokens)
    let steps = steps ?? left
    request.unitsPerStep = Int32(left << TokenUnit.bits / steps)
    request.decodeSteps = Int32(steps)
    let rate = Int(request.unitsPerStep)
    count += 1
    contextUnits += contextUnits(of: request)
    growthUnits += rate
    inputSum += Int(request.input)
    maximumOutputSum += Int(request.maximumOutput)
    finishes.push(step: request.finishStep, slot: slot)
    blocks.join(context: context(of: request), step: step)
    let remaining = remainingUnits(of: request)
    limits?.join(slot, &request, remaining: remaining, step: step)
    if bound != .none { joinBounded(slot, &request) }
    if request.thinking >= tokens { awaitAnswer(slot, request) }
  }

  /// A request that has only hidden tokens yet: its answer begins with the step that yields the first one after them.
  private mutating func awaitAnswer(_ slot: Int32, _ request: Request) {
    let left = Int(request.thinking - request.generated) << TokenUnit.bits
    let rate = Int(request.unitsPerStep)
    // Where rounding leaves the last token to the last step.
    let first = min(request.joinStep + Int64((left + rate - 1) / rate), request.finishStep)
    if request.thinking < request.output { answers.push(step: first, slot: slot) }
  }

  /// A request whose answer began with the step reached; nil when there is none.
  @inline(__always)
  mutating func popAnswering(_ requests: RequestPool) -> Int32? {
    while answers.minimumStep <= step {
      let (_, slot) = answers.pop()
      // One of an earlier stay has fewer tokens, or its answer has begun.
      let request = requests[slot]
      if isCurrent(request), (0..<request.output).contains(request.thinking), request.firstAnswer == .never,
        tokensOut(of: request) > request.thinking || request.finishStep == step
      {
        return slot
      }
    }
    return nil
  }

  /// What a request takes with it when it leaves.
  struct Departure {
    /// Blocks of those that requests fill together.
    var blocks: Int
    /// Tokens by which the whole tokens of all decoding requests have become fewer.
    var tokens: Int
  }

  /// Removes a decoding request, finished or preempted.
  ///
  /// Its heap entries go stale.
  @discardableResult
  mutating func leave(_ request: inout Request) -> Departure {
    let context = contextUnits(of: request)
    let rate = Int(request.unitsPerStep)
    let gained = gainedUnits(of: request)
    let departure = Departure(
      blocks: blocks.pooled(gainedUnits) - blocks.pooled(gainedUnits - gained),
      tokens: gainedUnits >> TokenUnit.bits - (gainedUnits - gained) >> TokenUnit.bits)
    gainedUnits -= gained
    count -= 1
    contextUnits -= context
    growthUnits -= rate
    inputSum -= Int(request.input)
    maximumOutputSum -= Int(request.maximumOutput)
    blocks.leave(context: context >> TokenUnit.bits, step: step)
    let remaining = remainingUnits(of: request)
    limits?.leave(&request, remaining: remaining)
    if bound != .none { leaveBounded(&request, context: context) }
    return departure
  }

  /// Takes `steps` steps; no request may end and no bound event may fall strictly inside them.
  @inline(__always)
  mutating func advance(_ steps: Int) {
    step += Int64(steps)
    contextUnits += growthUnits * steps
    gainedUnits += growthUnits * steps
    boundedUnits += boundedGrowthUnits * steps
    limits?.advance(steps)
  }

  /// The request that ends at the step reached, removed from the order of ends; nil when none does.
  mutating func popFinished(_ requests: RequestPool) -> Int32? {
    while finishes.minimumStep <= step {
      let (finishStep, slot) = finishes.pop()
      let request = requests[slot]
      if isCurrent(request) && request.finishStep == finishStep { return slot }
    }
    return nil
  }

  /// Steps until the next end or bound event, >= 1; stale entries may make it too small, never too large.
  var stepsToNextChange: Int {
    Int(min(finishes.minimumStep, boundEvents.minimumStep, answers.minimumStep) - step)
  }

  /// KV blocks that the next `steps` steps fill, after the next `skipping` ones.
  @inline(__always)
  func blockDemand(steps: Int, skipping: Int = 0) -> Int {
    guard count > 0, steps > 0 else { return 0 }
    switch blocks {
    case .none: return 0
    case .byPhase(let account):
      return account.demand(steps: steps, skipping: skipping, step: step, requests: count)
    case .pooled:
      let start = gainedUnits + growthUnits * skipping
      return blocks.pooled(start + growthUnits * steps) - blocks.pooled(start)
    }
  }

  /// The largest number of steps, at most `limit`, that fill no more than `free` blocks after the next `skipping`.
  func steps(fitting free: Int, skipping: Int, limit: Int) -> Int {
    guard count > 0, limit > 0 else { return limit }
    switch blocks {
    case .none: return limit
    case .byPhase(let account):
      return account.steps(fitting: free, skipping: skipping, limit: limit, step: step, requests: count)
    case .pooled(let blockTokens):
      let start = gainedUnits + growthUnits * skipping
      let room = (blocks.pooled(start) + free) * (blockTokens << TokenUnit.bits) - start
      return min(limit, room / growthUnits)
    }
  }

  /// Tokens that the decoding requests may still generate, each clipped at ``OutputEstimate/clippedTokens``.
  ///
  /// O(log n) a request that comes below the clip since the last call.
  mutating func remainingOutput(_ requests: inout RequestPool) -> Int {
    while let slot = limits?.nextEvent(upTo: step) {
      let request = requests[slot]
      guard isCurrent(request), request.isClipped else { continue }
      let remaining = remainingUnits(of: request)
      // The entry may be of an earlier stay of the slot.
      guard remaining <= OutputLimits.clip else { continue }
      requests[slot].isClipped = false
      limits?.unclip(rate: Int(request.unitsPerStep), remaining: remaining)
    }
    return (limits?.units ?? 0) >> TokenUnit.bits
  }
}

/// Layers with a bounded context.
extension DecodeSet {
  /// The context that layers bound, in units.
  @inline(__always)
  private func bounded(_ context: Int) -> Int {
    switch bound {
    case .none: context
    case .window(let tokens): min(context, tokens << TokenUnit.bits)
    case .chunk(let tokens): (context - TokenUnit.one) % (tokens << TokenUnit.bits) + TokenUnit.one
    }
  }

  /// Steps until the bounded context of a request stops growing or falls back; nil when it does neither.
  @inline(__always)
  private func stepsToBound(context: Int, rate: Int) -> Int64? {
    switch bound {
    case .none: return nil
    case .window(let tokens):
      let left = tokens << TokenUnit.bits - context
      return left > 0 ? Int64((left + rate - 1) / rate) : nil
    case .chunk(let tokens):
      let left = tokens << TokenUnit.bits + TokenUnit.one - bounded(context)
      return Int64((left + rate - 1) / rate)
    }
  }

  private mutating func joinBounded(_ slot: Int32, _ request: inout Request) {
    let context = contextUnits(of: request)
    let rate = Int(request.unitsPerStep)
    boundedUnits += bounded(context)
    request.boundEvent = .max
    guard let steps = stepsToBound(context: context, rate: rate) else { return }
    boundedGrowthUnits += rate
    request.boundEvent = step + steps
    if request.boundEvent < request.finishStep { boundEvents.push(step: request.boundEvent, slot: slot) }
  }

  private mutating func leaveBounded(_ request: inout Request, context: Int) {
    let rate = Int(request.unitsPerStep)
    // Its last step reached the bound, and no event has told the sum.
    boundedUnits -= request.boundEvent == step ? bounded(context - rate) + rate : bounded(context)
    if request.boundEvent != .max { boundedGrowthUnits -= rate }
    request.boundEvent = .max
  }

  /// Applies the bound events that are due; true when the growth of the bounded sum changed or the sum jumped.
  mutating func applyBoundEvents(_ requests: inout RequestPool) -> Bool {
    var changed = false
    while boundEvents.minimumStep <= step {
      let (eventStep, slot) = boundEvents.pop()
      let request = requests[slot]
      guard isCurrent(request), request.boundEvent == eventStep else { continue }
      changed = true
      let context = contextUnits(of: request)
      let rate = Int(request.unitsPerStep)
      boundedUnits -= bounded(context - rate) + rate - bounded(context)
      guard let steps = stepsToBound(context: context, rate: rate) else {
        requests[slot].boundEvent = .max
        boundedGrowthUnits -= rate
        continue
      }
      requests[slot].boundEvent = eventStep + steps
      if eventStep + steps < request.finishStep { boundEvents.push(step: eventStep + steps, slot: slot) }
    }
    return changed
  }
}
