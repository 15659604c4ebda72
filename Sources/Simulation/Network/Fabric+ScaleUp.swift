/// Ways inside a scale-up domain.
extension Fabric {
  /// Appends the links between two accelerators of one domain; false where that leads nowhere.
  func joinInDomain(_ a: Int, _ b: Int, _ key: UInt64, _ links: inout [LinkID]) -> Bool {
    guard domain(of: a) == domain(of: b) else { return false }
    if a == b { return true }
    switch description.scaleUp {
    case .none: return false
    case .switched:
      guard isAlive(portUp(a)), isAlive(portDown(b)) else { return false }
      links.append(portUp(a))
      links.append(portDown(b))
      return true
    case .mesh: return joinInMesh(a, b, key, &links)
    case .torus(let sizes, _): return joinInTorus(a, b, sizes, &links)
    }
  }

  /// Straight, else by way of a third accelerator.
  private func joinInMesh(_ a: Int, _ b: Int, _ key: UInt64, _ links: inout [LinkID]) -> Bool {
    if isAlive(pairLink(a, b)) {
      links.append(pairLink(a, b))
      return true
    }
    let first = domain(of: a) * description.acceleratorsPerDomain
    let last = min(first + description.acceleratorsPerDomain, description.accelerators)
    let third = pick(first..<last, key) {
      $0 != a && $0 != b && isAlive(pairLink(a, $0)) && isAlive(pairLink($0, b))
    }
    guard let third else { return false }
    links.append(pairLink(a, third))
    links.append(pairLink(third, b))
    return true
  }

  /// One dimension after the other, the shorter way round; where a link has failed, in another order, then the
  /// longer way round in some dimension.
  private func joinInTorus(_ a: Int, _ b: Int, _ sizes: [Int], _ links: inout [LinkID]) -> Bool {
    let mark = links.count
    for longer in 0..<(1 << sizes.count) {
      for order in Self.orders[sizes.count] {
        if walk(from: a, to: b, sizes, order, longer: longer, &links) { return true }
        links.removeLast(links.count - mark)
      }
    }
    return false
  }

  /// The orders in which dimensions can be taken, by their number.
  private static let orders: [[[Int]]] = [
    [], [[0]], [[0, 1], [1, 0]], [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1], [1, 0, 2], [2, 1, 0]],
  ]

  private func walk(
    from a: Int, to b: Int, _ sizes: [Int], _ order: [Int], longer: Int, _ links: inout [LinkID]
  ) -> Bool {
    var here = a
    let first = domain(of: a) * description.acceleratorsPerDomain
    for dimension in order {
      let size = sizes[dimension]
      let stride = sizes[..<dimension].reduce(1, *)
      var position = (here - first) / stride % size
      let target = (b - first) / stride % size
      if position == target { continue }
      let ahead = (target - position + size) % size
      // Two neighbours in a dimension of 2 share one link each way.
      let isForward = size == 2 || (ahead <= size - ahead) == (longer >> dimension & 1 == 0)
      while position != target {
        let link = neighbourLink(here, dimension: dimension, forward: isForward, dimensions: sizes.count)
        guard isAlive(link) else { return false }
        links.append(link)
        let next = (position + (isForward ? 1 : size - 1)) % size
        here += (next - position) * stride
        position = next
      }
    }
    return true
  }
}
