import CostModel

/// The decoding requests of a replica, which advance alike: one step is O(1), whatever the batch.
///
/// A request that joins at step s with T output tokens to come ends at step s + T; its context in step s' is implied.
/// Sums over the batch are kept: contexts, contexts in layers that bound them, and, by position within a KV block,
/// how many requests fill theirs. An event of a slot that was preempted stays in its heap until its step comes.
struct DecodeSet {
  /// Decoding requests.
  private(set) var count = 0
  /// The number of the next decode step.
  private(set) var step: Int64 = 0
  /// Sum of contexts in the next step, in tokens.
  private(set) var contextSum = 0
  /// The same in layers with a bounded context.
  private(set) var boundedSum = 0
  /// Requests whose bounded context still grows.
  private(set) var boundedGrowth = 0

  private var finishes = StepHeap()
  private var boundEvents = StepHeap()
  /// Requests by (context − step) mod block size: a request needs a block in the steps that make context ≡ 1.
  private var phases: [Int32]
  private let bound: ContextBound
  private let replica: Int32

  init(replica: Int32, bound: ContextBound, blockTokens: Int, tracksBlocks: Bool) {
    self.replica = replica
    self.bound = bound
    phases = Array(repeating: 0, count: tracksBlocks ? blockTokens : 0)
  }

  /// Whether a slot that a heap entry names still holds a request that decodes here.
  @inline(__always)
  private func isCurrent(_ request: Request) -> Bool {
    request.state == .decoding && request.replica == replica
  }

  /// The context of a decoding request in the next step: its prompt and the tokens that it has.
  @inline(__always)
  func context(of request: Request) -> Int {
    Int(request.input) + tokensOut(of: request)
  }

  /// Output tokens that a decoding request has.
  @inline(__always)
  func tokensOut(of request: Request) -> Int {
    Int(request.output) - Int(request.finishStep - step)
  }

  @inline(__always)
  private func phase(context: Int) -> Int {
    let blockTokens = Int64(phases.count)
    let remainder = (Int64(context) - step) % blockTokens
    return Int(remainder < 0 ? remainder + blockTokens : remainder)
  }

  /// Adds a request whose prefill is done and which has `tokens` output tokens.
  mutating func join(_ slot: Int32, _ request: inout Request, having tokens: Int32) {
    request.state = .decoding
    request.finishStep = step + Int64(request.output - tokens)
    let context = context(of: request)
    count += 1
    contextSum += context
    finishes.push(step: request.finishStep, slot: slot)
    if !phases.isEmpty { phases[phase(context: context)] += 1 }
    guard bound != .none else { return }
    let bounded = bound.context(at: context)
    boundedSum += bounded
    request.boundEvent = .max
    switch bound {
    case .none: break
    case .window(let tokens):
      guard context < tokens else { break }
      boundedGrowth += 1
      request.boundEvent = step + Int64(tokens - context)
    case .chunk(let tokens):
      boundedGrowth += 1
      request.boundEvent = step + Int64(tokens - bounded) + 1
    }
    if request.boundEvent < request.finishStep { boundEvents.push(step: request.boundEvent, slot: slot) }
  }

  /// Removes a decoding request, finished or preempted.
  ///
  /// Its heap entries go stale.
  mutating func leave(_ request: inout Request) {
    let context = context(of: request)
    count -= 1
    contextSum -= context
    if !phases.isEmpty { phases[phase(context: context)] -= 1 }
    if bound != .none {
      boundedSum -= bound.context(at: context)
      // Its last token ended a chunk: no event took that chunk out of the sum.
      if case .chunk(let tokens) = bound, request.boundEvent == step { boundedSum -= tokens }
      if request.boundEvent != .max { boundedGrowth -= 1 }
      request.boundEvent = .max
    }
  }

  /// Takes `steps` steps; no request may end and no bound event may fall strictly inside them.
  @inline(__always)
  mutating func advance(_ steps: Int) {
    step += Int64(steps)
    contextSum += count * steps
    boundedSum += boundedGrowth * steps
  }

  /// Applies the bound events that are due; true when the growth of the bounded sum changed or the sum jumped.
  mutating func applyBoundEvents(_ requests: inout RequestPool) -> Bool {
    var changed = false
    while boundEvents.minimumStep <= step {
      let (eventStep, slot) = boundEvents.pop()
      guard isCurrent(requests[slot]), requests[slot].boundEvent == eventStep else { continue }
      changed = true
      switch bound {
      case .none: break
      case .window:
        requests[slot].boundEvent = .max
        boundedGrowth -= 1
      case .chunk(let tokens):
        boundedSum -= tokens
        requests[slot].boundEvent = eventStep + Int64(tokens)
        if requests[slot].boundEvent < requests[slot].finishStep {
          boundEvents.push(step: requests[slot].boundEvent, slot: slot)
        }
      }
    }
    return changed
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
    Int(min(finishes.minimumStep, boundEvents.minimumStep) - step)
  }

  /// KV blocks that the next `steps` steps fill, after the next `skipping` ones.
  func blockDemand(steps: Int, skipping: Int = 0) -> Int {
    guard !phases.isEmpty, count > 0, steps > 0 else { return 0 }
    let blockTokens = phases.count
    var demand = steps / blockTokens * count
    for offset in 0..<(steps % blockTokens) { demand += blocksDue(inStepAfter: skipping + offset) }
    return demand
  }

  /// KV blocks that the step after the next `offset` ones fills.
  @inline(__always)
  private func blocksDue(inStepAfter offset: Int) -> Int {
    let blockTokens = Int64(phases.count)
    let remainder = (1 - step - Int64(offset)) % blockTokens
    return Int(phases[Int(remainder < 0 ? remainder + blockTokens : remainder)])
  }

  /// The largest number of steps, at most `limit`, that fill no more than `free` blocks after the next `skipping`.
  func steps(fitting free: Int, skipping: Int, limit: Int) -> Int {
    guard !phases.isEmpty, limit > 0 else { return limit }
    let blockTokens = phases.count
    if (limit / blockTokens + 1) * count <= free { return limit }
    var steps = min(free / count * blockTokens, limit)
    var left = free - blockDemand(steps: steps, skipping: skipping)
    while steps < limit {
      let due = blocksDue(inStepAfter: skipping + steps)
      if due > left { break }
      left -= due
      steps += 1
    }
    return steps
  }
}
