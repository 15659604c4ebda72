/// How the KV blocks that decoding requests fill are counted without a look at any of them.
enum BlockAccount {
  /// Not at all: blocks are reserved.
  case none
  /// Exactly, where each request gains a token a step.
  case byPhase(PhaseAccount)
  /// Where requests gain unequally: as many blocks, of so many tokens, as what all of them have gained since they joined
  /// would fill together.
  ///
  /// A request begins anywhere in a block, so that what it gains fills as many on average.
  case pooled(Int)

  /// Blocks that requests fill together once they have gained `units`; 0 where they don't.
  @inline(__always)
  func pooled(_ units: Int) -> Int {
    guard case .pooled(let blockTokens) = self else { return 0 }
    let unitsPerBlock = blockTokens << TokenUnit.bits
    return (units + unitsPerBlock - 1) / unitsPerBlock
  }

  @inline(__always)
  mutating func join(context: Int, step: Int64) {
    guard case .byPhase(var account) = self else { return }
    self = .none
    account.join(context: context, step: step)
    self = .byPhase(account)
  }

  @inline(__always)
  mutating func leave(context: Int, step: Int64) {
    guard case .byPhase(var account) = self else { return }
    self = .none
    account.leave(context: context, step: step)
    self = .byPhase(account)
  }
}

/// By position within a block: how many requests fill theirs in which steps.
struct PhaseAccount {
  /// Requests by (context − step) mod block size: a request needs a block in the steps that make context ≡ 1.
  private var phases: [Int32]

  /// An account of blocks of `blockTokens` >= 1 tokens.
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
    phases[phase(Int64(context), step: step)] += 1
  }

  /// A request leaves that would have had `context` tokens in the next step.
  @inline(__always)
  mutating func leave(context: Int, step: Int64) {
    phases[phase(Int64(context), step: step)] -= 1
  }

  /// Blocks that `steps` steps fill, after `skipping` from number `step` on.
  func demand(steps: Int, skipping: Int, step: Int64, requests: Int) -> Int {
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
