/// What the steps of a replica send between its accelerators, for each token that they process.
///
/// Of tokens that travel to the accelerators of their experts and back (all-to-all), and of sums over tensor-parallel
/// groups (all-reduce in rings).
public struct StepExchange: Sendable, Equatable {
  /// Bytes that a token's way to its experts and back sends in all layers, in both directions together.
  public var expertBytesPerToken: Double
  /// Bytes of a token that each accelerator of a tensor-parallel group has a part of the sum of, in all layers.
  public var summedBytesPerToken: Double
  /// Accelerators that experts are spread over, >= 1.
  public var expertGroup: Int
  /// Accelerators of a tensor-parallel group, >= 1.
  public var tensorGroup: Int
  /// Accelerators side by side that exchange over something else than the fabric: a scale-up domain; 1: none.
  public var joinedElsewhere: Int

  /// Exchanges of a design; see the properties for ranges.
  public init(
    expertBytesPerToken: Double, summedBytesPerToken: Double, expertGroup: Int, tensorGroup: Int,
    joinedElsewhere: Int
  ) {
    self.expertBytesPerToken = expertBytesPerToken
    self.summedBytesPerToken = summedBytesPerToken
    self.expertGroup = expertGroup
    self.tensorGroup = tensorGroup
    self.joinedElsewhere = joinedElsewhere
  }

  /// Adds what each token of a step puts on each link, in bytes, on average over the replica's tokens.
  func addBytesPerToken(of accelerators: [Int], over fabric: Fabric, to load: inout [Double]) {
    let isLeftOut = { (a: Int, b: Int) in joinedElsewhere > 1 && a / joinedElsewhere == b / joinedElsewhere }
    func add(_ traffic: CollectiveTraffic) {
      for phase in traffic.phases {
        let isJoined = phase.addBytes(over: fabric, to: &load, except: isLeftOut)
        precondition(isJoined, "no link joins the accelerators of a replica")
      }
    }
    let groups = max(accelerators.count / max(expertGroup, 1), 1)
    if expertGroup > 1 {
      // A token's bytes are sent by the accelerators of its group, equally on average, to all the others.
      let sent = expertBytesPerToken / Double(groups * expertGroup)
      let each = sent * Double(expertGroup) / Double(expertGroup - 1)
      for group in 0..<groups {
        let members = Array(accelerators[group * expertGroup..<(group + 1) * expertGroup])
        add(.allToAll(members, bytes: each))
      }
    }
    let rings = max(accelerators.count / max(tensorGroup, 1), 1)
    guard tensorGroup > 1, summedBytesPerToken > 0 else { return }
    for ring in 0..<rings {
      let members = Array(accelerators[ring * tensorGroup..<(ring + 1) * tensorGroup])
      add(.ringAllReduce(members, bytes: summedBytesPerToken / Double(rings)))
    }
  }
}
