/// Links that fail, are shared with others, and what they have carried.
extension FlowNetwork {
  /// Changes a link's capacity in bytes/s, >= 0, before background traffic; at 0 its flows stand still.
  mutating func setCapacity(_ link: LinkID, bytesPerSecond: Double, at time: SimTime) {
    precondition(bytesPerSecond >= 0 && bytesPerSecond < .infinity, "not a capacity: \(bytesPerSecond)")
    advance(to: time)
    accounts[Int(link.index)].nominal = bytesPerSecond
    applyCapacity(Int(link.index))
  }

  /// Leaves flows what background traffic, a constant share in 0...1 of the capacity, doesn't take.
  mutating func setBackground(_ link: LinkID, share: Double, at time: SimTime) {
    precondition(share >= 0 && share <= 1, "not a share: \(share)")
    advance(to: time)
    accounts[Int(link.index)].backgroundShare = share
    applyCapacity(Int(link.index))
  }

  private mutating func applyCapacity(_ link: Int) {
    let capacity = accounts[link].nominal * (1 - accounts[link].backgroundShare)
    if capacity != links[link].capacity { changeCapacity(link, to: capacity) }
  }

  /// What flows can use of a link, in bytes/s.
  func capacityBytesPerSecond(_ link: LinkID) -> Double { links[Int(link.index)].capacity }

  /// Flows that move over a link at present, and what they move a second.
  mutating func flowLoad(_ link: LinkID) -> (count: Int, bytesPerSecond: Double) {
    settle()
    let state = links[Int(link.index)]
    var load = 0.0
    for index in state.members.first..<(state.members.first + state.memberCount) {
      load += progress[Int(members[Int(index)].flow)].movingRate
    }
    return (Int(accounts[Int(link.index)].movingFlows), load)
  }

  /// A flow's rate in bytes/s.
  mutating func rateBytesPerSecond(_ flow: FlowID) -> Double {
    settle()
    return progress[Int(live(flow))].movingRate
  }

  /// What a flow has still to move at `time`, from `now` to the next completion.
  mutating func bytesLeft(_ flow: FlowID, at time: SimTime) -> Double {
    settle()
    return progress[Int(live(flow))].bytesLeft(at: time)
  }

  /// What flows have moved over a link until `time`, from `now` to the next completion.
  mutating func bytesCarried(_ link: LinkID, at time: SimTime) -> Double {
    settle()
    var bytes = accounts[Int(link.index)].carriedBytes
    let first = Int(links[Int(link.index)].members.first)
    for index in first..<(first + Int(links[Int(link.index)].memberCount)) {
      let flow = Int(members[index].flow)
      bytes += progress[flow].bytesAtRouteStart - progress[flow].bytesLeft(at: time)
    }
    return bytes
  }

  /// How long at least one flow was moving over a link until `time`, not before `now`.
  mutating func busyTime(_ link: LinkID, at time: SimTime) -> SimDuration {
    settle()
    let account = accounts[Int(link.index)]
    let open = account.movingFlows > 0 ? (time - account.busySince).nanoseconds : 0
    return SimDuration(nanoseconds: account.busyNanoseconds + open)
  }

  /// Counts a flow that begins (1) or ceases (-1) to move on each of its links.
  mutating func countMoving(_ slot: Int32, by change: Int32) {
    let first = Int(flows[Int(slot)].route.first)
    for index in first..<(first + Int(flows[Int(slot)].hopCount)) {
      let link = Int(hops[index].link)
      accounts[link].movingFlows += change
      if change > 0 && accounts[link].movingFlows == 1 {
        accounts[link].busySince = now
      } else if change < 0 && accounts[link].movingFlows == 0 {
        accounts[link].busyNanoseconds += (now - accounts[link].busySince).nanoseconds
      }
    }
  }
}
