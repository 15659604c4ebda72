import CostModel
import Simulation
import Workload

/// Who sends the requests of a deployment, and how many.
struct OfferedLoad: Sendable {
  /// At which point of a load that changes.
  enum Level: Sendable {
    /// The mean rate.
    case mean
    /// The highest rate.
    case peak
  }

  /// Requests each second of streams that wait for no answers.
  var requestsPerSecond = 0.0
  /// Squared coefficient of variation of the gaps between them: 1 for Poisson arrivals.
  var gapVariation = 1.0
  /// Clients that wait for their answers.
  var clients = 0.0
  /// What such a client waits before it asks again, in seconds.
  var thinkSeconds = 0.0
  /// Requests that are there from the start.
  var offlineRequests = 0.0

  /// What streams offer together at a level.
  ///
  /// - Parameters:
  ///   - streams: the streams.
  ///   - requests: requests that one arrival of each stream brings: turns, samples, rows of a graph.
  ///   - level: the mean or the highest rate.
  init(_ streams: [StreamPlan], requests: [Double], level: Level) {
    var variation = 0.0
    var thinking = 0.0
    for (stream, number) in zip(streams, requests) {
      switch stream.arrivals {
      case .offline(let count): offlineRequests += Double(min(count, stream.requests ?? count)) * number
      case .closedLoop(let concurrency, let think):
        clients += Double(concurrency)
        thinking += Double(concurrency) * think
      default:
        let rate = Self.rate(of: stream.arrivals, level) * number
        requestsPerSecond += rate
        variation += rate * Self.gapVariation(of: stream.arrivals, level)
      }
    }
    if requestsPerSecond > 0 { gapVariation = variation / requestsPerSecond }
    if clients > 0 { thinkSeconds = thinking / clients }
  }

  /// Whether the highest rate of a process differs from its mean.
  static func hasPeak(_ process: ArrivalProcess) -> Bool {
    switch process {
    case .onOff, .diurnal, .trace: true
    case .offline, .closedLoop, .poisson, .gamma, .deterministic: false
    }
  }

  /// Requests each second; of a trace's peak those of its busiest minute, or of its busiest tenth where it is shorter.
  private static func rate(of process: ArrivalProcess, _ level: Level) -> Double {
    let mean = process.meanRequestsPerSecond ?? 0
    guard level == .peak else { return mean }
    switch process {
    case .onOff(let on, let off, _, _): return max(on, off)
    case .diurnal(let curve): return curve.knots.map(\.requestsPerSecond).max() ?? mean
    case .trace(let arrivals):
      guard let first = arrivals.first, let last = arrivals.last, last > first else { return mean }
      let window = min(60_000_000_000, max((last - first) / 10, 1))
      var most = 0
      var start = 0
      for end in arrivals.indices {
        while arrivals[end] - arrivals[start] > window { start += 1 }
        most = max(most, end - start)
      }
      return max(mean, Double(most) / (Double(window) * 1e-9))
    default: return mean
    }
  }

  /// Squared coefficient of variation of gaps.
  ///
  /// Of an on–off process at its mean rate: the limit of the index of dispersion of its counts (Heffes and Lucantoni,
  /// IEEE JSAC 4(6), 1986), at most 100; what a stationary queue makes of longer bursts is no steady state.
  private static func gapVariation(of process: ArrivalProcess, _ level: Level) -> Double {
    switch process {
    case .deterministic: return 0
    case .gamma(_, let variation): return variation * variation
    case .onOff(let on, let off, let meanOn, let meanOff):
      guard level == .mean, let mean = process.meanRequestsPerSecond, mean > 0 else { return 1 }
      let share = meanOn / (meanOn + meanOff)
      let relaxation = meanOn * meanOff / (meanOn + meanOff)
      return min(1 + 2 * share * (1 - share) * (on - off) * (on - off) * relaxation / mean, 100)
    default: return 1
    }
  }
}

extension RequestMix {
  /// Draws the requests of streams.
  ///
  /// - Parameters:
  ///   - plan: the deployment.
  ///   - level: at which point of a load that changes: streams count by their share of its requests.
  /// - Returns: the mix, and the requests that one arrival of each stream brings.
  static func draw(_ plan: DeploymentPlan, level: OfferedLoad.Level) -> (mix: RequestMix, requests: [Double])
  {
    let draws = max(draws / max(plan.streams.count, 1), 128)
    var samples: [Sample] = []
    var requests: [Double] = []
    for stream in plan.streams {
      let drawn = self.draws(draws, of: stream, plan)
      requests.append(drawn.requestsPerArrival)
      let own = OfferedLoad([stream], requests: [drawn.requestsPerArrival], level: level)
      // Clients of closed loops and offline requests have no rate: they count by their number.
      let share = own.requestsPerSecond + own.clients + own.offlineRequests
      samples += drawn.samples.map { sample in
        var sample = sample
        sample.weight = share / Double(drawn.samples.count)
        return sample
      }
    }
    if !samples.contains(where: { $0.weight > 0 }) {
      for index in samples.indices { samples[index].weight = 1 }
    }
    let mix = RequestMix(samples, speculation: plan.engine.speculation, bound: plan.cost.bound)
    return (mix, requests)
  }

  private static func draws(
    _ count: Int, of stream: StreamPlan, _ plan: DeploymentPlan
  ) -> (samples: [Sample], requestsPerArrival: Double) {
    let cached = CachedShare(stream, plan)
    if let conversations = stream.conversations {
      return turns(count, of: conversations, stream, plan, cached)
    }
    let system = Double(stream.systemPrompts?.tokens ?? 0)
    let scale = LengthScale(stream.lengths, draws: count)
    var samples: [Sample] = []
    for index in 0..<UInt64(count) {
      let lengths = scale.lengths(ofRequest: index)
      var sample = sample(of: stream, lengths, prompt: lengths.input + system, index: index)
      sample.uncached = cached.uncached(prompt: sample.prompt, shared: system)
      samples.append(sample)
      // The other samples of an answer find their prompt in the cache.
      for number in 1..<max(stream.samples, 1) where stream.samples > 1 {
        let other = scale.lengths(ofRequest: index | UInt64(number) << 40)
        var next = sample
        next.output = min(other.output, sample.maximumOutput)
        next.uncached = cached.uncached(prompt: sample.prompt, shared: sample.prompt)
        samples.append(next)
      }
    }
    let rows = stream.graph.map { Double($0.waits.count) / Double(max($0.roots.count, 1)) } ?? 1
    return (samples, rows * Double(stream.samples))
  }

  private static func sample(
    of stream: StreamPlan, _ lengths: (input: Double, output: Double), prompt: Double, index: UInt64
  ) -> Sample {
    let limit = Double(stream.maximumOutputTokens)
    let hidden = stream.thinking.map { Double($0.lengths(ofRequest: index).output) } ?? 0
    return Sample(
      prompt: prompt, uncached: prompt, output: min(lengths.output + hidden, limit),
      maximumOutput: limit, thinking: min(hidden, limit), weight: 1)
  }

  /// Turns of conversations, each with what was said before in its prompt.
  private static func turns(
    _ count: Int, of conversations: Conversations, _ stream: StreamPlan, _ plan: DeploymentPlan,
    _ cached: CachedShare
  ) -> (samples: [Sample], requestsPerArrival: Double) {
    let limit = Double(plan.engine.maximumContextTokens)
    var samples: [Sample] = []
    var conversation: UInt64 = 0
    while samples.count < count {
      let system = Double(conversations.systemPrompts.tokens)
      var history = system
      for turn in 0..<conversations.turns(of: conversation) {
        let index = Conversations.request(conversation, turn: turn)
        let lengths = stream.lengths.lengths(ofRequest: index)
        var sample = sample(
          of: stream, (Double(lengths.input), Double(lengths.output)),
          prompt: history + Double(lengths.input),
          index: index)
        guard turn == 0 || sample.prompt + sample.maximumOutput <= limit else { break }
        sample.uncached = cached.uncached(
          prompt: sample.prompt, shared: system, ofOwnHistory: history - system)
        samples.append(sample)
        history = sample.prompt + sample.output
      }
      conversation += 1
    }
    return (samples, Double(samples.count) / Double(conversation))
  }
}

/// Lengths of requests, scaled so that their means are those of the distributions they are drawn from.
///
/// Some thousand draws of lengths that vary by their mean are 2 % off it, which latencies near the capacity feel.
private struct LengthScale {
  private let lengths: RequestLengths
  private var input = 1.0
  private var output = 1.0

  init(_ lengths: RequestLengths, draws: Int) {
    self.lengths = lengths
    var sum = (input: 0.0, output: 0.0)
    for index in 0..<UInt64(draws) {
      let drawn = lengths.lengths(ofRequest: index)
      sum.input += Double(drawn.input)
      sum.output += Double(drawn.output)
    }
    input = lengths.meanInput * Double(draws) / sum.input
    output = lengths.meanOutput * Double(draws) / sum.output
  }

  func lengths(ofRequest index: UInt64) -> (input: Double, output: Double) {
    let drawn = lengths.lengths(ofRequest: index)
    // A single token stays one.
    return (
      max(Double(drawn.input) * input, 1), drawn.output == 1 ? 1 : max(Double(drawn.output) * output, 1)
    )
  }
}

/// What of prompts a prefix cache is taken to hold: beginnings that requests share, wherever they came before.
struct CachedShare {
  private let blockTokens: Double
  private let isCached: Bool
  /// The share of a conversation's turns that come to the replica of the turn before.
  private let returning: Double
  private let repeated: Bool

  init(_ stream: StreamPlan, _ plan: DeploymentPlan) {
    let replicas = plan.prefill?.replicas ?? plan.replicas
    let router = plan.prefill?.router ?? plan.router
    blockTokens = Double(
      stream.repeatedPrompts?.blockTokens ?? plan.prefill?.cache.blockTokens ?? plan.cache.blockTokens)
    isCached = plan.prefixCache != nil
    repeated = stream.repeatedPrompts != nil
    switch router {
    case .sessionSticky, .prefixAware: returning = 1
    default: returning = 1 / Double(replicas)
    }
  }

  /// Tokens of a prompt that have to be processed.
  ///
  /// - Parameters:
  ///   - prompt: tokens of the prompt.
  ///   - shared: tokens at its beginning that other requests share.
  ///   - history: tokens after them that an earlier turn has computed.
  /// - Returns: at least one.
  func uncached(prompt: Double, shared: Double, ofOwnHistory history: Double = 0) -> Double {
    func blocks(_ tokens: Double) -> Double {
      (min(tokens, prompt - 1) / blockTokens).rounded(.down) * blockTokens
    }
    if repeated { return max(prompt - blocks(prompt), 1) }
    guard isCached else { return prompt }
    let all = blocks(shared + history)
    return max(prompt - (blocks(shared) + returning * (all - blocks(shared))), 1)
  }
}
