import Workload

/// Which replica a request goes to.
extension CoupledDriver {
  /// The replica that is to see a new request first.
  mutating func pick(_ number: UInt64, _ request: Request, at time: SimTime) -> Int {
    guard prefillReplicas > 0 else {
      return pick(router, from: 0, number, request, at: time)
    }
    return pick(prefillRouter, from: 0, number, request, at: time)
  }

  /// The replica that is to answer the n-th request that needs one.
  mutating func pickAnswering(_ number: UInt64, _ request: Request, at time: SimTime) -> Int {
    pick(router, from: prefillReplicas, number, request, at: time)
  }

  /// A replica of those that begin at `first`.
  private mutating func pick(
    _ router: IndependentRouter, from first: Int, _ number: UInt64, _ request: Request, at time: SimTime
  ) -> Int {
    let range = first..<(first + router.replicas)
    switch router.policy {
    case .roundRobin, .random, .sessionSticky, .prefixHash:
      return first + router.replica(ofRequest: number, stream: Int(request.stream), index: request.index)
    case .powerOfTwo:
      let (one, other) = router.twoReplicas(ofRequest: number)
      return loads[first + other].requests < loads[first + one].requests ? first + other : first + one
    case .leastOutstanding:
      return least(range) { loads[$0].requests }
    case .leastTokens:
      return least(range) { loads[$0].tokens }
    case .prefixAware:
      return cheapest(range, request, at: time)
    }
  }

  private func least(_ range: Range<Int>, _ load: (Int) -> Int) -> Int {
    var best = range.lowerBound
    for index in range where load(index) < load(best) { best = index }
    return best
  }

  /// The replica on which a request costs least, as far as the router knows; ties to the lowest number.
  private mutating func cheapest(_ range: Range<Int>, _ request: Request, at time: SimTime) -> Int {
    guard view != nil, let content = deployment.streams[Int(request.stream)].prompts else {
      return least(range) { loads[$0].tokens }
    }
    view?.look(at: time)
    let blocks = content.blocks(ofRequest: request.index, tokens: Int(request.input) - 1)
    var best = range.lowerBound
    var bestCost = Double.infinity
    for index in range {
      let overlap = view?.overlap(index, content, ofRequest: request.index, blocks: blocks) ?? 0
      let left = Int(request.input) - overlap * content.blockTokens
      let cost = deployment.cacheView.overlapWeight * Double(left) + Double(loads[index].tokens)
      if cost < bestCost { (best, bestCost) = (index, cost) }
    }
    return best
  }

  /// A replica announces what has changed in its prefix cache.
  ///
  /// With steps that process prompts and with those that end requests: what decoding alone displaces is told with the
  /// next of them, so that it makes no difference how many steps were taken at once.
  mutating func announce(_ index: Int, at time: SimTime) {
    guard view != nil, let changes = replicas[index].cache.prefixes?.takeChanges(), !changes.isEmpty else {
      return
    }
    view?.announce(changes, by: index, at: time)
  }
}
