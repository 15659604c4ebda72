import Workload

/// How a router picks the replica of a request.
public enum RouterPolicy: String, Sendable, CaseIterable {
  /// Request n goes to replica n modulo their number.
  case roundRobin = "round-robin"
  /// A replica drawn by the request's number.
  case random
  /// A replica drawn by the number of the conversation: all its turns meet their own cache.
  case sessionSticky = "session-sticky"
  /// A replica drawn by how the prompt begins: equal beginnings meet.
  case prefixHash = "prefix-hash"
  /// The replica with the fewest requests in flight, ties to the lowest number.
  case leastOutstanding = "least-outstanding"
  /// Of two replicas drawn by the request's number the one with fewer requests in flight.
  case powerOfTwo = "power-of-two"
  /// The replica whose requests in flight have the fewest prompt tokens, ties to the lowest number.
  case leastTokens = "least-tokens"
  /// The replica on which the request costs least: tokens of the prompt that its cache doesn't hold, weighted, and the
  /// prompt tokens of its requests in flight (the cost of NVIDIA Dynamo's KV router).
  case prefixAware = "prefix-aware"
  /// A replica drawn by the adapter, so that its requests meet it where it is loaded; where that one is overloaded
  /// (``AffinityRule``) the one with the fewest requests in flight.
  case adapterAffinity = "adapter-affinity"

  /// Whether the choice looks at nothing but the request itself, so that replicas run independently.
  public var isIndependent: Bool {
    switch self {
    case .roundRobin, .random, .sessionSticky, .prefixHash: true
    case .leastOutstanding, .powerOfTwo, .leastTokens, .prefixAware, .adapterAffinity: false
    }
  }
}

extension RouterPolicy {
  /// Whether the choice goes by requests in flight alone.
  public var looksAtRequests: Bool { self == .leastOutstanding || self == .powerOfTwo }
}

/// When a router that keeps requests of an adapter together sends one elsewhere.
enum AffinityRule {
  /// Requests in flight on a replica, in multiples of the mean over those in service, above which it is overloaded.
  static let share = 1.5
  /// Requests in flight up to which no replica is: an adapter costs more to load than a small batch saves.
  static let least = 8

  /// Whether a replica with `requests` in flight is overloaded where `replicas` in service have `all` together.
  static func isOverloaded(_ requests: Int, all: Int, replicas: Int) -> Bool {
    requests > least && Double(requests * replicas) > share * Double(all)
  }
}

/// What a router that looks at prefix caches makes of them.
public struct CacheView: Sendable, Equatable {
  /// What a prompt token that is not cached weighs, against one of a request in flight; >= 0.
  public var overlapWeight: Double
  /// How long the router learns of a change in a cache after it, in seconds, >= 0.
  public var delaySeconds: Double

  /// A view; see the properties for ranges.
  public init(overlapWeight: Double = 1, delaySeconds: Double = 0) {
    precondition(overlapWeight >= 0 && delaySeconds >= 0, "a router that knows the future")
    self.overlapWeight = overlapWeight
    self.delaySeconds = delaySeconds
  }
}

/// The replica of a request, for routers that look at nothing else.
final class IndependentRouter: Sendable {
  let policy: RouterPolicy
  let replicas: Int
  /// What the prompts of each stream have in common.
  let prompts: [PromptContent?]
  /// Whether the requests of each stream are turns of conversations.
  let converses: [Bool]
  /// Whose requests each row of a trace is, where rows wait for one another.
  let graphs: [RequestGraph?]
  /// The adapters of each stream.
  let adapters: [AdapterDraws?]
  private let draws: RandomStreamFamily

  init(
    policy: RouterPolicy, replicas: Int, streams: [StreamPlan], seed: UInt64, run: UInt64, name: String
  ) {
    self.policy = policy
    self.replicas = replicas
    prompts = streams.map(\.prompts)
    converses = streams.map { $0.conversations != nil }
    graphs = streams.map(\.graph)
    adapters = streams.map(\.adapters)
    draws = RandomStreamFamily(seed: seed, run: run, "router." + name)
  }

  /// The replica of a request.
  ///
  /// - Parameters:
  ///   - n: the request's number among all that reach the router.
  ///   - stream: the stream that it belongs to.
  ///   - index: its number in the stream.
  /// - Returns: in 0..<replicas.
  @inline(__always)
  func replica(ofRequest n: UInt64, stream: Int, index: UInt64) -> Int {
    policy == .roundRobin ? Int(n % UInt64(replicas)) : drawn(key(ofRequest: n, stream: stream, index: index))
  }

  /// Two replicas, which may be one and the same.
  func twoReplicas(ofRequest n: UInt64) -> (Int, Int) {
    var stream = draws.stream(index: n)
    let first = Int(stream.uniformInteger(below: UInt64(replicas)))
    return (first, Int(stream.uniformInteger(below: UInt64(replicas))))
  }

  private func drawn(_ key: UInt64) -> Int {
    var stream = draws.stream(index: key)
    return Int(stream.uniformInteger(below: UInt64(replicas)))
  }

  /// What decides: equal keys go to one replica.
  func key(ofRequest n: UInt64, stream: Int, index: UInt64) -> UInt64 {
    switch policy {
    case .sessionSticky where converses[stream]:
      return Conversations.conversation(of: index) << 8 | UInt64(stream & 0xFF)
    case .sessionSticky:
      guard let graph = graphs[stream] else { return n }
      return UInt64(UInt32(bitPattern: graph.sessions[Int(index)])) << 8 | UInt64(stream & 0xFF)
    case .prefixHash:
      guard let content = prompts[stream], content.blocks(ofRequest: index, tokens: .max) > 0 else {
        return n
      }
      return content.identity(ofRequest: index, block: 0)
    case .adapterAffinity:
      guard let adapter = adapters[stream]?.adapter(ofRequest: index) else { return n }
      return UInt64(adapter) << 16 | UInt64(stream)
    default: return n
    }
  }
}

/// What a router knows of the prefix caches of a pool: what they announced, a delay ago.
struct PrefixView {
  /// A change that a replica has announced.
  private struct Announcement {
    let due: SimTime
    let replica: Int
    let change: PrefixCache.Change
  }

  private var known: [Set<UInt64>]
  private var pending: [Announcement] = []
  private var next = 0
  private let delay: SimDuration

  init(replicas: Int, delaySeconds: Double) {
    known = Array(repeating: [], count: replicas)
    delay = SimDuration(seconds: delaySeconds)
  }

  /// A replica announces what has changed.
  mutating func announce(_ changes: [PrefixCache.Change], by replica: Int, at time: SimTime) {
    for change in changes {
      pending.append(Announcement(due: time + delay, replica: replica, change: change))
    }
  }

  /// A replica has failed: it holds nothing, whatever it has announced.
  mutating func forget(_ replica: Int) {
    known[replica].removeAll()
    pending = pending[next...].filter { $0.replica != replica }
    next = 0
  }

  /// Takes in what was announced long enough ago.
  mutating func look(at time: SimTime) {
    while next < pending.count, pending[next].due <= time {
      let heard = pending[next]
      if heard.change.isThere {
        known[heard.replica].insert(heard.change.identity)
      } else {
        known[heard.replica].remove(heard.change.identity)
      }
      next += 1
    }
    guard next > 4096, next > pending.count / 2 else { return }
    pending.removeFirst(next)
    next = 0
  }

  /// Blocks at the beginning of a prompt that a replica is known to hold, of at most `blocks`.
  func overlap(_ replica: Int, _ content: PromptContent, ofRequest index: UInt64, blocks: Int) -> Int {
    beginning(of: blocks) { known[replica].contains(content.identity(ofRequest: index, block: $0)) }
  }
}
