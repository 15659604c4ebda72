/// What others than transfers take of each link at present.
///
/// Shares of a link add up, to no more than the whole link. They are summed anew at each change, in order, so that none
/// leaves a rest of rounding.
struct LinkShares {
  /// A replica whose steps send over a link.
  private struct Sender {
    let replica: Int
    /// For each token of a step.
    let bytesPerToken: Double
  }

  private let backgrounds: [BackgroundTraffic]
  private let fabric: Fabric
  /// Of links for transfers, of their bandwidth.
  private let efficiency: Double
  private var isOn: [Bool]
  /// By link.
  private var senders: [[Sender]] = []
  /// By replica: the links that its steps send over.
  private var links: [[LinkID]] = []
  private var tokensPerSecond: [Double] = []

  init(_ plan: TransferPlan, fabric: Fabric) {
    backgrounds = plan.backgrounds
    self.fabric = fabric
    efficiency = plan.linkEfficiency
    isOn = backgrounds.map { _ in false }
    guard plan.prefillExchange != nil || plan.decodeExchange != nil else { return }
    senders = Array(repeating: [], count: fabric.linkCount)
    tokensPerSecond = Array(repeating: 0, count: plan.accelerators.count)
    var bytes = Array(repeating: 0.0, count: fabric.linkCount)
    for (replica, accelerators) in plan.accelerators.enumerated() {
      let exchange = replica < plan.prefillReplicas ? plan.prefillExchange : plan.decodeExchange
      for index in bytes.indices { bytes[index] = 0 }
      exchange?.addBytesPerToken(of: accelerators, over: fabric, to: &bytes)
      var crossed: [LinkID] = []
      for (index, bytes) in bytes.enumerated() where bytes > 0 {
        senders[index].append(Sender(replica: replica, bytesPerToken: bytes))
        crossed.append(LinkID(index: Int32(index)))
      }
      links.append(crossed)
    }
  }

  /// Whether the steps of some replica send over a link.
  var countSteps: Bool { links.contains { !$0.isEmpty } }

  /// Some traffic of others begins or ends.
  mutating func set(_ index: Int, isOn on: Bool, in network: inout FlowNetwork, at time: SimTime) {
    isOn[index] = on
    for number in 0..<fabric.linkCount {
      let link = LinkID(index: Int32(number))
      if backgrounds[index].crosses(link, of: fabric) { apply(link, in: &network, at: time) }
    }
  }

  /// The steps of a replica process so many tokens a second from now on; says whether that is another rate.
  mutating func setRate(
    of replica: Int, tokensPerSecond rate: Double, in network: inout FlowNetwork, at time: SimTime
  ) -> Bool {
    guard !links[replica].isEmpty, tokensPerSecond[replica] != rate else { return false }
    tokensPerSecond[replica] = rate
    for link in links[replica] { apply(link, in: &network, at: time) }
    return true
  }

  /// By how much longer what a replica's steps exchange takes than with the links to itself, >= 1.
  ///
  /// Of each link it gets what transfers and others leave, and at least the part that max-min fairness gives it beside
  /// the flows at hand: its exchanges are short and come at all of its speed. The busiest link sets the pace.
  func stretch(of replica: Int, in network: inout FlowNetwork) -> Double {
    guard !links[replica].isEmpty else { return 1 }
    var alone = 0.0
    var shared = 0.0
    for link in links[replica] {
      let number = Int(link.index)
      let full = fabric.bytesPerSecond(link)
      guard full > 0, let own = senders[number].first(where: { $0.replica == replica }) else { continue }
      var others = 0.0
      for sender in senders[number] where sender.replica != replica {
        others += sender.bytesPerToken * tokensPerSecond[sender.replica] * efficiency / full
      }
      for (index, background) in backgrounds.enumerated()
      where isOn[index] && background.crosses(link, of: fabric) { others += background.share }
      let flows = network.flowLoad(link)
      let rivals = flows.count + (others > 0 ? 1 : 0)
      let left = max(1 - flows.bytesPerSecond / full - others, 1 / Double(1 + rivals))
      alone = max(alone, own.bytesPerToken / full)
      shared = max(shared, own.bytesPerToken / (full * left))
    }
    return alone > 0 ? max(shared / alone, 1) : 1
  }

  private func apply(_ link: LinkID, in network: inout FlowNetwork, at time: SimTime) {
    var share = 0.0
    if !senders.isEmpty {
      let bytes = senders[Int(link.index)].reduce(0) { $0 + $1.bytesPerToken * tokensPerSecond[$1.replica] }
      share = bytes * efficiency / fabric.bytesPerSecond(link)
    }
    for (index, background) in backgrounds.enumerated()
    where isOn[index] && background.crosses(link, of: fabric) { share += background.share }
    network.setBackground(link, share: min(share, 1), at: time)
  }
}
