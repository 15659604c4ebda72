/// How rates follow what changes.
///
/// A link that is full has a level: what each of the flows gets that nothing else holds below it. The levels are the
/// max-min fair ones when each link's level fills the link, given the levels of the others. A change marks the links
/// where that may no longer hold; working out one link's level marks those that its flows cross. Levels below the
/// change are never marked, and each round fixes the next higher level for good, so the rounds end with the same
/// rates as filling all links from zero, after work that stays near the change. A link that isn't full (a spine
/// with room) passes nothing on: its load is adjusted in place.
extension FlowNetwork {
  /// Two rates nearer to each other than this, relatively, are the same: the noise of a sum of a thousand terms.
  private static let sameRate = 1e-12

  /// Works in everything that changed at `now`.
  mutating func settle() {
    if dirty.isEmpty && touched.isEmpty { return }
    let limit = relevelings + 1000 * links.count + 1_000_000
    while let next = dirty.pop() {
      let link = Int(next)
      links[link].isDirty = false
      relevel(link)
      precondition(relevelings < limit, "rates don't settle at \(now.nanoseconds) ns")
    }
    replan()
    touched.removeAll(keepingCapacity: true)
  }

  /// Puts a flow on the links of a route.
  mutating func enter(_ slot: Int32, route: [LinkID]) {
    let flow = Int(slot)
    let span = hops.take(route.count)
    var ceiling = progress[flow].rateCap
    var rate = Double.infinity
    var index = Int(span.first)
    for id in route {
      let link = Int(id.index)
      for earlier in Int(span.first)..<index {
        precondition(hops[earlier].link != id.index, "a route crosses link \(id.index) twice")
      }
      let place = Int(links[link].memberCount)
      if place == links[link].members.room { members.grow(&links[link].members, count: place) }
      members[Int(links[link].members.first) + place] = Member(flow: slot, hop: Int32(index))
      links[link].memberCount += 1
      while bounds.count <= place {
        bounds.append(0)
        room.append(0)
      }
      hops[index] = Hop(link: id.index, place: Int32(place))
      ceiling = min(ceiling, links[link].capacity)
      rate = min(rate, levels[link])
      index += 1
    }
    flows[flow].route = span
    flows[flow].hopCount = Int32(route.count)
    flows[flow].ceiling = ceiling
    flows[flow].rate = 0
    setRate(flow, to: min(rate, ceiling), except: -1)
  }

  /// Takes a flow off its links, and books what it moved over them.
  mutating func leave(_ slot: Int32) {
    let flow = Int(slot)
    if progress[flow].movingRate > 0 { countMoving(slot, by: -1) }
    if flows[flow].rate > 0 { setRate(flow, to: 0, except: -1) }
    let moved = progress[flow].bytesAtRouteStart - progress[flow].bytesLeft
    let first = Int(flows[flow].route.first)
    for index in first..<(first + Int(flows[flow].hopCount)) {
      let hop = hops[index]
      let link = Int(hop.link)
      let last = Int(links[link].memberCount) - 1
      let base = Int(links[link].members.first)
      if Int(hop.place) < last {
        let member = members[base + last]
        members[base + Int(hop.place)] = member
        hops[Int(member.hop)].place = hop.place
      }
      links[link].memberCount = Int32(last)
      if last == 0 && levels[link] == .infinity { links[link].load = 0 }
      accounts[link].carriedBytes += moved
    }
    hops.giveBack(flows[flow].route)
    flows[flow].hopCount = 0
    flows[flow].route = .init()
  }

  /// A link's capacity for flows, in bytes/s, changes.
  mutating func changeCapacity(_ link: Int, to capacity: Double) {
    links[link].capacity = capacity
    mark(link)
    let first = Int(links[link].members.first)
    for index in first..<(first + Int(links[link].memberCount)) {
      let flow = Int(members[index].flow)
      var ceiling = progress[flow].rateCap
      let route = Int(flows[flow].route.first)
      for hop in route..<(route + Int(flows[flow].hopCount)) {
        ceiling = min(ceiling, links[Int(hops[hop].link)].capacity)
      }
      flows[flow].ceiling = ceiling
      setRate(flow, to: min(allowed(flow, except: link), levels[link]), except: link)
    }
  }

  /// Works out the level of a link from what the other links allow its flows.
  private mutating func relevel(_ link: Int) {
    relevelings += 1
    let old = levels[link]
    let count = Int(links[link].memberCount)
    // Out of the network while they are written, so that each write needn't ask who else holds them.
    var bounds: [Double] = []
    swap(&bounds, &self.bounds)
    let total = bounds.withUnsafeMutableBufferPointer { gatherBounds(of: link, level: old, into: $0) }
    let capacity = links[link].capacity
    let level =
      total <= capacity * (1 + Self.sameRate)
      ? .infinity
      : bounds.withUnsafeBufferPointer { bounds in
        room.withUnsafeMutableBufferPointer {
          Self.waterLevel(bounds, count: count, capacity: capacity, scratch: $0)
        }
      }
    links[link].load = level == .infinity ? total : capacity
    links[link].loadChanges = 0
    let isSame =
      level == old || (old < .infinity && level < .infinity && abs(level - old) <= Self.sameRate * level)
    if !isSame {
      levels[link] = level
      let first = Int(links[link].members.first)
      for index in 0..<count {
        let flow = Int(members[first + index].flow)
        let rate = min(bounds[index], level)
        if rate != flows[flow].rate { setRate(flow, to: rate, except: link) }
      }
    }
    swap(&bounds, &self.bounds)
  }

  /// What everything but a link allows each of its flows, and the sum of that.
  private func gatherBounds(
    of link: Int, level: Double, into bounds: UnsafeMutableBufferPointer<Double>
  ) -> Double {
    let first = Int(links[link].members.first)
    var total = 0.0
    for index in 0..<Int(links[link].memberCount) {
      let flow = Int(members[first + index].flow)
      let rate = flows[flow].rate
      // Below the level something else holds it.
      let bound = rate < level ? rate : allowed(flow, except: link)
      bounds[index] = bound
      total += bound
    }
    return total
  }

  /// What fills `capacity` when each of `count` flows takes this or its bound, whichever is less.
  ///
  /// The level only rises as flows drop out whose bounds are below it.
  private static func waterLevel(
    _ bounds: UnsafeBufferPointer<Double>, count: Int, capacity: Double,
    scratch above: UnsafeMutableBufferPointer<Double>
  ) -> Double {
    var left = capacity
    var unfilled = 0
    let share = capacity / Double(count)
    for index in 0..<count {
      if bounds[index] <= share {
        left -= bounds[index]
      } else {
        above[unfilled] = bounds[index]
        unfilled += 1
      }
    }
    var flows = count
    var level = share
    while unfilled < flows {
      // All held below by rounding alone: the link is just full, and limits none.
      if unfilled == 0 { return .infinity }
      flows = unfilled
      level = left / Double(flows)
      unfilled = 0
      for index in 0..<flows {
        if above[index] <= level {
          left -= above[index]
        } else {
          above[unfilled] = above[index]
          unfilled += 1
        }
      }
    }
    return max(level, 0)
  }

  /// What a flow's ceiling and its links, but for one, allow it.
  private func allowed(_ flow: Int, except link: Int) -> Double {
    var least = flows[flow].ceiling
    let first = Int(flows[flow].route.first)
    for index in first..<(first + Int(flows[flow].hopCount)) {
      let other = Int(hops[index].link)
      if other != link { least = min(least, levels[other]) }
    }
    return least
  }

  /// Gives a flow a rate, and marks the other links that this changes.
  private mutating func setRate(_ flow: Int, to rate: Double, except link: Int) {
    let state = flows[flow]
    touch(flow)
    flows[flow].rate = rate
    let lower = min(state.rate, rate)
    let first = Int(state.route.first)
    for index in first..<(first + Int(state.hopCount)) {
      let other = Int(hops[index].link)
      if other == link { continue }
      let level = levels[other]
      if level < .infinity {
        // Where both rates are the link's own level, nothing changes for its others.
        if lower < level { mark(other) }
      } else if links[other].addLoad(rate - state.rate) {
        mark(other)
      }
    }
  }

  private mutating func mark(_ link: Int) {
    if links[link].isDirty { return }
    links[link].isDirty = true
    let share = links[link].capacity / Double(max(links[link].memberCount, 1))
    dirty.push(Int32(link), level: levels[link] < .infinity ? levels[link] : share)
  }

  mutating func touch(_ flow: Int) {
    if flows[flow].isTouched { return }
    flows[flow].isTouched = true
    touched.append(Int32(flow))
  }

  /// Gives the flows whose rate has changed their new end.
  private mutating func replan() {
    // Moving one flow costs some levels of the heap, putting all in order anew a few steps a flow.
    let all = touched.count > 8 && touched.count > completions.count / 4
    for slot in touched {
      let flow = Int(slot)
      let state = flows[flow]
      flows[flow].isTouched = false
      guard state.isAlive else { continue }
      let rate = state.rate
      let old = progress[flow].movingRate
      let planned = completions.nanoseconds(of: slot) ?? .max
      if planned < .max && (rate == old || abs(rate - old) <= Self.sameRate * rate) { continue }
      if (rate > 0) != (old > 0) { countMoving(slot, by: rate > 0 ? 1 : -1) }
      let entry = Self.turn(&progress[flow], to: rate, at: now, planned: planned, slot: slot)
      if all { completions.setWithoutOrder(entry) } else { completions.set(entry) }
    }
    if all { completions.reorder() }
  }

  /// Goes on at another rate.
  private static func turn(
    _ progress: inout FlowProgress, to rate: Double, at time: SimTime, planned: Int64, slot: Int32
  ) -> CompletionHeap.Entry {
    progress.moveOn(to: time, planned: planned)
    progress.movingRate = rate
    return CompletionHeap.Entry(nanoseconds: progress.end.nanoseconds, number: progress.number, slot: slot)
  }

  /// Brings what is left of a flow up to `now`.
  mutating func moveOn(_ flow: Int) {
    progress[flow].moveOn(to: now, planned: completions.nanoseconds(of: Int32(flow)) ?? .max)
  }
}
