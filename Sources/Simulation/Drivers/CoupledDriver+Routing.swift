import Workload

/// Which replica a request goes to.
extension CoupledDriver {
  /// The replica that is to see a new request first; nil where none of its pool is in service.
  mutating func pick(_ number: UInt64, _ request: Request, at time: SimTime) -> Int? {
    guard prefillReplicas > 0 else {
      return pick(router, from: 0, number, request, at: time)
    }
    // Conditional disaggregation (NVIDIA Dynamo): short prompts are not worth a hand-off.
    if Int(request.input) < deployment.prefill?.handOff.localPrefillBelow ?? 0 {
      return pickAnswering(number, request, at: time)
    }
    return pick(prefillRouter, from: 0, number, request, at: time)
  }

  /// The replica that is to answer the n-th request that needs one; nil where none of its pool is in service.
  mutating func pickAnswering(_ number: UInt64, _ request: Request, at time: SimTime) -> Int? {
    pick(router, from: prefillReplicas, number, request, at: time)
  }

  /// A replica of those that begin at `first`.
  private mutating func pick(
    _ router: IndependentRouter, from first: Int, _ number: UInt64, _ request: Request, at time: SimTime
  ) -> Int? {
    let chosen = choose(router, from: first, number, request, at: time)
    guard !isUp(chosen) else { return chosen }
    // Routers of load look at those in service only; the others take another of them, by what they go by.
    let working = (first..<(first + router.replicas)).filter(isUp)
    guard !working.isEmpty else { return nil }
    let key = router.key(ofRequest: number, stream: Int(request.stream), index: request.index)
    return working[Int(key % UInt64(working.count))]
  }

  private mutating func choose(
    _ router: IndependentRouter, from first: Int, _ number: UInt64, _ request: Request, at time: SimTime
  ) -> Int {
    let range = first..<(first + router.replicas)
    switch router.policy {
    case .roundRobin, .random, .sessionSticky, .prefixHash:
      return first + router.replica(ofRequest: number, stream: Int(request.stream), index: request.index)
    case .powerOfTwo:
      let (one, other) = router.twoReplicas(ofRequest: number)
      guard isUp(first + one) else { return first + other }
      guard isUp(first + other) else { return first + one }
      if loadView != nil {
        loadView?.look(at: time)
        return isLess(other, than: one) ? other : one
      }
      return loads[first + other].requests < loads[first + one].requests ? first + other : first + one
    case .leastOutstanding:
      guard loadView != nil else { return least(range) { loads[$0].requests } }
      loadView?.look(at: time)
      return alwaysServes ? loadView?.known.least ?? 0 : least(range) { loadView?.known[$0] ?? 0 }
    case .leastTokens:
      return least(range) { loads[$0].tokens }
    case .prefixAware:
      return cheapest(range, request, at: time)
    case .adapterAffinity:
      let home =
        first + router.replica(ofRequest: number, stream: Int(request.stream), index: request.index)
      return isOverloaded(home, in: range) ? least(range) { loads[$0].requests } : home
    }
  }

  /// Whether one replica is known to have fewer requests than another.
  private func isLess(_ one: Int, than other: Int) -> Bool {
    guard let known = loadView?.known else { return false }
    return known[one] < known[other]
  }

  /// Whether a replica has so many more requests in flight than the others that they had better go elsewhere.
  private func isOverloaded(_ replica: Int, in range: Range<Int>) -> Bool {
    guard isUp(replica) else { return false }
    var all = 0
    var replicas = 0
    for index in range where isUp(index) {
      all += loads[index].requests
      replicas += 1
    }
    return AffinityRule.isOverloaded(loads[replica].requests, all: all, replicas: replicas)
  }

  private func least(_ range: Range<Int>, _ load: (Int) -> Int) -> Int {
    var best = range.lowerBound
    var least = Int.max
    for index in range where load(index) < least && isUp(index) { (best, least) = (index, load(index)) }
    return best
  }

  /// Whether a replica works on the requests that it has.
  @inline(__always)
  func isOn(_ replica: Int) -> Bool {
    alwaysServes || (faults?.isUp(replica) ?? true) && (fleet?.isOn(replica) ?? true)
  }

  /// Whether a replica is in service and takes requests.
  @inline(__always)
  private func isUp(_ replica: Int) -> Bool {
    alwaysServes || (faults?.isUp(replica) ?? true) && (fleet?.takesRequests(replica) ?? true)
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
    for index in range where isUp(index) {
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
