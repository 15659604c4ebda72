/// What a look at the load of a pool finds.
struct PoolLook: Equatable {
  /// Replicas of the pool, in service or not.
  var replicas = 0
  /// Those in service, and those that are starting.
  var serving = 0
  var starting = 0
  /// Batch slots of one replica.
  var slots = 0
  /// Requests in flight on those in service, and those of them that wait for a scheduler.
  var requests = 0
  var waiting = 0
  /// Latencies of requests done since the last look, in nanoseconds: to first token, for an output token.
  var toFirstToken: [Int64] = []
  var perToken: [Int64] = []

  /// Replicas in service, or soon to be.
  var present: Int { serving + starting }

  /// Signal over target; nil where there is nothing to go by.
  func ratio(_ signal: ScalingSignal) -> Double? {
    switch signal {
    case .utilisation(let target):
      return Double(requests) / Double(slots * max(serving, 1)) / target
    case .queue(let target): return Double(waiting) / Double(max(serving, 1)) / target
    case .timeToFirstToken(let target): return toFirstToken.quantileSeconds(0.9).map { $0 / target }
    case .timePerOutputToken(let target): return perToken.quantileSeconds(0.9).map { $0 / target }
    }
  }
}

/// Decides on the size of a pool, look by look.
struct Autoscaler {
  private let rule: Autoscaling
  /// Sizes asked for of late.
  private var wishes: [(time: SimTime, replicas: Int)]

  /// One that has asked for the size at the start, as Kubernetes' horizontal pod autoscaler does: else what has only just begun
  /// would look idle.
  init(_ rule: Autoscaling) {
    self.rule = rule
    wishes = [(.zero, rule.initial)]
  }

  /// The size that a pool is to have from now on; nil where it is to stay as it is.
  ///
  /// - Parameters:
  ///   - look: what was found in the part of the pool that is simulated.
  ///   - poolSize: replicas of the whole pool, of which that part is a sample; its own number where it is the whole.
  ///   - time: when.
  /// - Returns: replicas of the whole pool.
  mutating func size(for look: PoolLook, poolSize: Int, at time: SimTime) -> Int? {
    guard let ratio = look.ratio(rule.signal) else { return nil }
    let scale = Double(poolSize) / Double(max(look.replicas, 1))
    let present = poolSize == look.replicas ? look.present : Int((Double(look.present) * scale).rounded())
    var wish = present
    if abs(ratio - 1) > Autoscaling.tolerance {
      wish = Int(min((Double(present) * ratio).rounded(.up), Double(poolSize)))
    }
    wish = min(max(wish, rule.minimum), poolSize)
    // The largest size asked for of late counts.
    let window = SimDuration(seconds: rule.stabilisationSeconds)
    wishes.removeAll { time - $0.time > window }
    wishes.append((time, wish))
    let largest = wishes.reduce(0) { max($0, $1.replicas) }
    if wish > present { return wish }
    return largest < present ? largest : nil
  }
}
