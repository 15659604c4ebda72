/// Ways over the links that are alive.
extension Fabric {
  /// The links from one end to another one; nil where no way is left, empty where there is nothing to cross.
  func route(from source: FabricEnd, to destination: FabricEnd, key: UInt64 = 0) -> [LinkID]? {
    var links: [LinkID] = []
    return findRoute(from: source, to: destination, key: key, into: &links) ? links : nil
  }

  /// Fills `links` with a route; says whether there is one.
  ///
  /// Of several equal ways it takes the one that the key's hash picks among those alive, as switches pick by the hash
  /// of a flow's addresses.
  func findRoute(
    from source: FabricEnd, to destination: FabricEnd, key: UInt64, into links: inout [LinkID]
  ) -> Bool {
    links.removeAll(keepingCapacity: true)
    switch (source, destination) {
    case (.accelerator(let a), .accelerator(let b)): return join(a, b, key, &links)
    case (.accelerator(let a), .host(let node)):
      guard append(hostPath, 2 * a, &links) else { return false }
      return joinHosts(self.node(of: a), node, &links)
    case (.host(let node), .accelerator(let b)):
      return joinHosts(node, self.node(of: b), &links) && append(hostPath, 2 * b + 1, &links)
    case (.host(let a), .host(let b)): return joinHosts(a, b, &links)
    case (.storage, .host(let node)):
      return append(storage, 0, &links) && append(hostNIC, 2 * node + 1, &links)
    case (.host(let node), .storage):
      return append(hostNIC, 2 * node, &links) && append(storage, 1, &links)
    case (.storage, .accelerator(let b)): return append(storage, 0, &links) && fromStorage(b, key, &links)
    case (.accelerator(let a), .storage): return toStorage(a, key, &links) && append(storage, 1, &links)
    case (.storage, .storage): return true
    }
  }

  /// Between accelerators: over scale-up, else through their host, else over the network.
  private func join(_ a: Int, _ b: Int, _ key: UInt64, _ links: inout [LinkID]) -> Bool {
    if a == b || joinInDomain(a, b, key, &links) { return true }
    if node(of: a) == node(of: b), append(hostPath, 2 * a, &links) {
      if append(hostPath, 2 * b + 1, &links) { return true }
      links.removeLast()
    }
    return joinOverNetwork(a, b, key, &links)
  }

  /// Between hosts, over their own adapters and a network without limits of its own.
  private func joinHosts(_ a: Int, _ b: Int, _ links: inout [LinkID]) -> Bool {
    a == b || (append(hostNIC, 2 * a, &links) && append(hostNIC, 2 * b + 1, &links))
  }

  /// Between accelerators of two nodes along one rail of both, over leaf and spine switches; where that rail is out of
  /// service, or both stand in one node or scale-up domain that is modelled, any way.
  func route(from a: Int, to b: Int, rail: Int, key: UInt64) -> [LinkID]? {
    var links: [LinkID] = []
    if node(of: a) != node(of: b), description.scaleUp == .none, description.scaleOut != .none,
      cross(node(of: a), rail, node(of: b), rail, key, &links)
    {
      return links
    }
    return route(from: .accelerator(a), to: .accelerator(b), key: key)
  }

  /// Storage reaches an accelerator through its host's adapter where that is modelled, else through its own NIC.
  private func fromStorage(_ b: Int, _ key: UInt64, _ links: inout [LinkID]) -> Bool {
    let node = node(of: b)
    if hostNIC.count > 0 && hostPath.count > 0 {
      return append(hostNIC, 2 * node + 1, &links) && append(hostPath, 2 * b + 1, &links)
    }
    guard let rail = pick(rails(of: b), key, where: { isAlive(nicDown(node: node, rail: $0)) }) else {
      return false
    }
    links.append(nicDown(node: node, rail: rail))
    return true
  }

  private func toStorage(_ a: Int, _ key: UInt64, _ links: inout [LinkID]) -> Bool {
    let node = node(of: a)
    if hostNIC.count > 0 && hostPath.count > 0 {
      return append(hostPath, 2 * a, &links) && append(hostNIC, 2 * node, &links)
    }
    guard let rail = pick(rails(of: a), key, where: { isAlive(nicUp(node: node, rail: $0)) }) else {
      return false
    }
    links.append(nicUp(node: node, rail: rail))
    return true
  }

  /// Over the network: on one leaf, else (under PXN) by scale-up onto the right rail, else through spines and cores.
  private func joinOverNetwork(_ a: Int, _ b: Int, _ key: UInt64, _ links: inout [LinkID]) -> Bool {
    let (source, destination) = (node(of: a), node(of: b))
    let own = rails(of: a)
    let others = rails(of: b)
    if description.scaleOut == .none { return false }
    let turn = own.isEmpty ? 0 : choose(own.count, key)
    for leafOnly in [true, false] {
      for offset in own.indices {
        let rail = own.lowerBound + (offset - own.lowerBound + turn) % own.count
        // The same rail first: it is the nearest.
        let same = others.contains(rail) ? rail : others.lowerBound + turn % others.count
        for step in 0..<others.count {
          let other = others.lowerBound + (same - others.lowerBound + step) % others.count
          let isOneLeaf = leafNumber(node: source, rail: rail) == leafNumber(node: destination, rail: other)
          if isOneLeaf == leafOnly, cross(source, rail, destination, other, key, &links) { return true }
        }
      }
      guard case .railOptimised(_, .scaleUp) = description.scaleOut, source != destination else { continue }
      // Without a spine first; if that fails too, on any rail that is left, with a relay at both ends.
      if leafOnly {
        let isOnePod = pod(ofNode: source) == pod(ofNode: destination)
        if isOnePod, relay(a, b, over: others, key, &links) { return true }
      } else if relay(a, b, over: 0..<description.nicsPerNode, key, &links) {
        return true
      }
    }
    return false
  }

  /// From an accelerator over scale-up to the NIC of a rail, along it, and over scale-up to the other accelerator.
  private func relay(
    _ a: Int, _ b: Int, over rails: Range<Int>, _ key: UInt64, _ links: inout [LinkID]
  ) -> Bool {
    let turn = choose(rails.count, key)
    for offset in 0..<rails.count {
      let rail = rails.lowerBound + (offset + turn) % rails.count
      let mark = links.count
      if hop(from: a, toRail: rail, key, &links),
        cross(node(of: a), rail, node(of: b), rail, key, &links),
        hop(fromRail: rail, to: b, key, &links)
      {
        return true
      }
      links.removeLast(links.count - mark)
    }
    return false
  }

  private func hop(from a: Int, toRail rail: Int, _ key: UInt64, _ links: inout [LinkID]) -> Bool {
    rails(of: a).contains(rail)
      || joinInDomain(a, accelerator(ofRail: rail, node: node(of: a)), key, &links)
  }

  private func hop(fromRail rail: Int, to b: Int, _ key: UInt64, _ links: inout [LinkID]) -> Bool {
    rails(of: b).contains(rail)
      || joinInDomain(accelerator(ofRail: rail, node: node(of: b)), b, key, &links)
  }

  /// From one NIC to another through as few tiers as join them.
  private func cross(
    _ source: Int, _ rail: Int, _ destination: Int, _ otherRail: Int, _ key: UInt64, _ links: inout [LinkID]
  ) -> Bool {
    let up = nicUp(node: source, rail: rail)
    let down = nicDown(node: destination, rail: otherRail)
    guard isAlive(up), isAlive(down) else { return false }
    let lower = leafNumber(node: source, rail: rail)
    let upper = leafNumber(node: destination, rail: otherRail)
    let (pod, otherPod) = (pod(ofNode: source), pod(ofNode: destination))
    links.append(up)
    if lower != upper && pod == otherPod {
      let spines = leaf.count > 0 ? 0..<spinesPerPod : 0..<0
      let spine = pick(spines, key) {
        isAlive(leafUp(leaf: lower, spine: $0)) && isAlive(leafDown(leaf: upper, spine: $0))
      }
      guard let spine else { return giveUp(&links) }
      links.append(leafUp(leaf: lower, spine: spine))
      links.append(leafDown(leaf: upper, spine: spine))
    } else if lower != upper {
      let ways = spine.count > 0 ? 0..<(spinesPerPod * coresPerSpine) : 0..<0
      let way = pick(ways, key) { way in
        let (spine, core) = (way / coresPerSpine, way % coresPerSpine)
        return isAlive(leafUp(leaf: lower, spine: spine)) && isAlive(leafDown(leaf: upper, spine: spine))
          && isAlive(spineUp(pod: pod, spine: spine, core: core))
          && isAlive(spineDown(pod: otherPod, spine: spine, core: core))
      }
      guard let way else { return giveUp(&links) }
      let (spine, core) = (way / coresPerSpine, way % coresPerSpine)
      links.append(leafUp(leaf: lower, spine: spine))
      links.append(spineUp(pod: pod, spine: spine, core: core))
      links.append(spineDown(pod: otherPod, spine: spine, core: core))
      links.append(leafDown(leaf: upper, spine: spine))
    }
    links.append(down)
    return true
  }

  private func giveUp(_ links: inout [LinkID]) -> Bool {
    links.removeLast()
    return false
  }

  /// Appends a link of a block; false where there is none or it has failed.
  func append(_ block: Block, _ offset: Int, _ links: inout [LinkID]) -> Bool {
    guard block.count > 0, isAlive(block[offset]) else { return false }
    links.append(block[offset])
    return true
  }

  /// One of the candidates that pass, by the hash of a key; where no link has failed, all pass.
  func pick(_ candidates: Range<Int>, _ key: UInt64, where passes: (Int) -> Bool) -> Int? {
    // The usual case, without looking at each.
    if failures == 0 {
      return candidates.isEmpty ? nil : candidates.lowerBound + choose(candidates.count, key)
    }
    var count = 0
    for candidate in candidates where passes(candidate) { count += 1 }
    guard count > 0 else { return nil }
    var index = choose(count, key)
    for candidate in candidates where passes(candidate) {
      if index == 0 { return candidate }
      index -= 1
    }
    return nil
  }

  /// A number in 0..<count, from a key's hash.
  func choose(_ count: Int, _ key: UInt64) -> Int {
    var word = (key ^ (key >> 29)) &* 0x9e37_79b9_7f4a_7c15
    word = (word ^ (word >> 32)) &* 0xd6e8_feb8_6659_fd93
    word ^= word >> 32
    return Int(word.multipliedFullWidth(by: UInt64(count)).high)
  }
}
