/// The KV blocks that decoding requests will fill, without a look at any of them.
///
/// By position within a block: how many requests fill theirs in which steps.
struct BlockAccount {
  /// Requests by (context − step) mod block size: a request needs a block in the steps that make context ≡ 1.
  private var phases: [Int32]

  /// An account of blocks of `blockTokens` tokens; 0: of none.
  init(blockTokens: Int) { phases = Array(repeating: 0, count: blockTokens) }

  @inline(__always)
  private func phase(_ context: Int64, step: Int64) -> Int {
    let blockTokens = Int64(phases.count)
    let remainder = (context - step) % blockTokens
    return Int(remainder < 0 ? remainder + blockTokens : remainder)
  }

  /// A request joins with `context` tokens in the next step, number `step`.
  @inline(__always)
  mutating func join(context: Int, step: Int64) {
    if !phases.isEmpty { phases[phase(Int64(context), step: step)] += 1 }
  }

  /// A request leaves that would have had `context` tokens in the next step.
  @inline(__always)
  mutating func leave(context: Int, step: Int64) {
    if !phases.isEmpty { phases[phase(Int64(context), step: step)] -= 1 }
  }

  /// Blocks that `steps` steps fill, after `skipping` from number `step` on.
  func demand(steps: Int, skipping: Int, step: Int64, requests: Int) -> Int {
    guard !phases.isEmpty else { return 0 }
    let blockTokens = phases.count
    var demand = steps / blockTokens * requests
    for offset in 0..<(steps % blockTokens) { demand += due(inStep: step + Int64(skipping + offset)) }
    return demand
  }

  /// Blocks that one step fills.
  @inline(__always)
  private func due(inStep step: Int64) -> Int { Int(phases[phase(1, step: step)]) }

  /// The largest number of steps, at most `limit`, that fill no more than `free` blocks.
  func steps(fitting free: Int, skipping: Int, limit: Int, step: Int64, requests: Int) -> Int {
    guard !phases.isEmpty else { return limit }
    let blockTokens = phases.count
    if (limit / blockTokens + 1) * requests <= free { return limit }
    var steps = min(free / requests * blockTokens, limit)
    var left = free - demand(steps: steps, skipping: skipping, step: step, requests: requests)
    while steps < limit {
      let due = due(inStep: step + Int64(skipping + steps))
      if due > left { break }
      left -= due
      steps += 1
    }
    return steps
  }
}

/// What decoding requests may still generate, each clipped, as one sum.
///
/// A clipped request counts as the clip until a step that waits in a heap; the sum is brought up to date when somebody
/// asks for it.
struct OutputLimits {
  static let clip = OutputEstimate.clippedTokens << TokenUnit.bits

  /// The sum of requests below the clip, in units.
  private var unclipped = 0
  /// What a step takes from it.
  private var rate = 0
  private var clipped = 0
  private var events = StepHeap()

  /// The sum, in units.
  var units: Int { unclipped + clipped * Self.clip }

  mutating func join(_ slot: Int32, _ request: inout Request, remaining: Int, step: Int64) {
    let rate = Int(request.unitsPerStep)
    request.isClipped = remaining > Self.clip
    guard request.isClipped else { return add(rate: rate, remaining: remaining) }
    clipped += 1
    let event = step + Int64((remaining - Self.clip + rate - 1) / rate)
    if event < request.finishStep { events.push(step: event, slot: slot) }
  }

  mutating func leave(_ request: inout Request, remaining: Int) {
    if request.isClipped {
      clipped -= 1
      request.isClipped = false
    } else {
      unclipped -= remaining
      rate -= Int(request.unitsPerStep)
    }
  }

  @inline(__always)
  mutating func advance(_ steps: Int) { unclipped -= rate * steps }

  /// The slot of an event that is due, removed; nil when none is.
  mutating func nextEvent(upTo step: Int64) -> Int32? {
    events.minimumStep <= step ? events.pop().slot : nil
  }

  /// A request has come below the clip.
  mutating func unclip(rate: Int, remaining: Int) {
    clipped -= 1
    add(rate: rate, remaining: remaining)
  }

  private mutating func add(rate: Int, remaining: Int) {
    unclipped += remaining
    self.rate += rate
  }
}
