import CostModel
import Workload

/// Room for adapters (LoRA) on the accelerators of a replica.
public struct AdapterOptions: Sendable, Equatable {
  /// Adapters that are on the accelerators at once, which is as many as a batch may need, >= 1 (vLLM and TensorRT-LLM
  /// `max_loras`, SGLang `max_loras_per_batch`).
  public var slots: Int
  /// Seconds to load one from the host, >= 0; the step that first needs it waits.
  public var secondsPerLoad: Double

  /// Room for adapters; see the properties for ranges.
  public init(slots: Int, secondsPerLoad: Double) {
    precondition(slots >= 1 && secondsPerLoad >= 0, "no room for an adapter")
    self.slots = slots
    self.secondsPerLoad = secondsPerLoad
  }
}

/// What an engine knows of adapters: its room for them, and which request needs which.
struct EngineAdapters: Sendable {
  let options: AdapterOptions
  private let draws: [AdapterDraws?]
  /// The number of the first adapter of each stream: streams have adapters of their own.
  private let first: [Int32]

  init(_ options: AdapterOptions, streams: [AdapterDraws?]) {
    self.options = options
    draws = streams
    var first: [Int32] = []
    var next: Int32 = 0
    for draws in streams {
      first.append(next)
      next += Int32(draws?.count ?? 0)
    }
    self.first = first
  }

  /// The adapter of a request among those of all streams; nil: it is for the model itself.
  func adapter(of request: Request) -> Int32? {
    let stream = Int(request.stream)
    guard let draws = draws[stream] else { return nil }
    return first[stream] + Int32(draws.adapter(ofRequest: request.index))
  }
}

/// The adapters on a replica's accelerators.
///
/// An adapter is used last when a request for it is taken into a batch or leaves it: of those that no running request
/// needs, the one whose last request left first goes first.
struct ResidentAdapters {
  /// In the order of their last use, the longest unused first.
  private(set) var inOrder: [Int32] = []
  /// Which of them could be given up, as long as neither they nor the running requests change.
  var idle = Idle.unknown

  enum Idle {
    case unknown
    /// All are needed by running requests.
    case allNeeded
    case adapter(Int32)
  }

  func contains(_ adapter: Int32) -> Bool { inOrder.contains(adapter) }

  /// An adapter is used; false when it isn't here.
  mutating func use(_ adapter: Int32) -> Bool {
    guard let position = inOrder.firstIndex(of: adapter) else { return false }
    inOrder.remove(at: position)
    inOrder.append(adapter)
    return true
  }

  /// An adapter comes that wasn't here, in place of another one where `other` says so.
  mutating func load(_ adapter: Int32, inPlaceOf other: Int32?) {
    inOrder.removeAll { $0 == other }
    inOrder.append(adapter)
  }
}

/// Requests that need adapters.
extension Replica {
  /// Whether the adapter of a waiting request is here, or can be loaded: in a free place, or in that of one which no
  /// running request needs.
  mutating func hasRoomForAdapter(of slot: Int32, engine: Engine, shop: Shop) -> Bool {
    guard let adapters = engine.adapters, let adapter = adapters.adapter(of: shop.requests[slot]),
      residents.inOrder.count >= adapters.options.slots, !residents.contains(adapter)
    else { return true }
    return idleAdapter(adapters, shop) != nil
  }

  /// A request that is taken into the batch has its adapter, which is loaded before the step where it isn't here.
  mutating func takeAdapter(of slot: Int32, engine: Engine, shop: inout Shop) {
    guard let adapters = engine.adapters, let adapter = adapters.adapter(of: shop.requests[slot]) else {
      return
    }
    shop.observations.counts.adapterStarts += 1
    if !residents.use(adapter) {
      let isFull = residents.inOrder.count >= adapters.options.slots
      let idle = isFull ? idleAdapter(adapters, shop) : nil
      precondition(!isFull || idle != nil, "a request was started whose adapter has no room")
      residents.load(adapter, inPlaceOf: idle)
      shop.observations.counts.adapterLoads += 1
      copySeconds += adapters.options.secondsPerLoad
    }
    residents.idle = .unknown
  }

  /// A request leaves the batch: that was the last use of its adapter so far.
  mutating func letGoAdapter(of request: Request, engine: Engine) {
    guard let adapter = engine.adapters?.adapter(of: request) else { return }
    _ = residents.use(adapter)
    residents.idle = .unknown
  }

  /// The adapter that is given up when another one has to come; nil where running requests need them all.
  ///
  /// O(running requests), once for each change of the batch.
  private mutating func idleAdapter(_ adapters: EngineAdapters, _ shop: Shop) -> Int32? {
    switch residents.idle {
    case .allNeeded: return nil
    case .adapter(let adapter): return adapter
    case .unknown: break
    }
    var unneeded = residents.inOrder
    var slot = running.tail
    while slot >= 0, !unneeded.isEmpty {
      let request = shop.requests[slot]
      if let needed = adapters.adapter(of: request) { unneeded.removeAll { $0 == needed } }
      slot = request.previous
    }
    residents.idle = unneeded.first.map { .adapter($0) } ?? .allNeeded
    return unneeded.first
  }
}
