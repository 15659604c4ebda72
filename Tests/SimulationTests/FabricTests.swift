import Testing

@testable import Simulation

/// Nodes of eight accelerators and NICs.
private func rails(
  nodes: Int = 4, nodesPerPod: Int = 4, crossing: FabricDescription.RailCrossing = .spine, spines: Int = 2,
  cores: Int = 0
) -> Fabric {
  Fabric(
    FabricDescription(
      nodes: nodes, acceleratorsPerNode: 8, scaleUp: .switched(portBytesPerSecond: 450e9),
      acceleratorsPerDomain: 8, hostPathBytesPerSecond: 64e9, hostNICBytesPerSecond: 25e9, nicsPerNode: 8,
      nicBytesPerSecond: 50e9,
      scaleOut: .railOptimised(
        .init(
          nodesPerPod: nodesPerPod, spinesPerPod: spines, leafOversubscription: 2, coresPerSpine: cores,
          spineOversubscription: 4),
        crossing: crossing), storageBytesPerSecond: 100e9))
}

/// Nodes of two accelerators that share a NIC, three nodes on a leaf, pods of six.
private func fatTree(nodes: Int) -> Fabric {
  Fabric(
    FabricDescription(
      nodes: nodes, acceleratorsPerNode: 2, scaleUp: .none, acceleratorsPerDomain: 1, nicsPerNode: 1,
      nicBytesPerSecond: 50e9,
      scaleOut: .fatTree(
        .init(
          nodesPerPod: 6, spinesPerPod: 2, leafOversubscription: 1.5, coresPerSpine: 2,
          spineOversubscription: 2), nodesPerLeaf: 3), storageBytesPerSecond: 10e9))
}

private func domain(_ scaleUp: FabricDescription.ScaleUp, _ size: Int, nodes: Int = 1) -> Fabric {
  Fabric(
    FabricDescription(
      nodes: nodes, acceleratorsPerNode: size / nodes, scaleUp: scaleUp, acceleratorsPerDomain: size))
}

extension Fabric {
  fileprivate func names(_ a: Int, _ b: Int, key: UInt64 = 0) -> [String]? {
    route(from: .accelerator(a), to: .accelerator(b), key: key)?.map(name)
  }

  fileprivate func link(_ name: String) throws -> LinkID {
    try #require((0..<linkCount).map { LinkID(index: Int32($0)) }.first { self.name($0) == name })
  }

  fileprivate mutating func fail(_ names: String...) throws {
    for name in names { setFailed(try link(name), true) }
  }
}

@Suite("Ways through fabrics")
struct FabricRouteTests {
  @Test("a switched domain: a port up, a port down, over nodes and racks")
  func switched() {
    let fabric = Fabric(
      FabricDescription(
        nodes: 36, acceleratorsPerNode: 4, scaleUp: .switched(portBytesPerSecond: 900e9),
        acceleratorsPerDomain: 72))
    #expect(fabric.names(3, 71) == ["accelerator 3 port up", "accelerator 71 port down"])
    #expect(fabric.names(5, 5) == [])
    // Another domain, and nothing joins them.
    #expect(fabric.names(71, 72) == nil)
    #expect(fabric.linkCount == 2 * 144)
  }

  @Test("a mesh: straight, and by way of a third where that has failed")
  func mesh() throws {
    var fabric = domain(.mesh(linkBytesPerSecond: 64e9), 8)
    #expect(fabric.linkCount == 56)
    #expect(fabric.names(2, 7) == ["accelerator 2 – accelerator 7"])
    try fabric.fail("accelerator 2 – accelerator 7")
    let way = try #require(fabric.route(from: .accelerator(2), to: .accelerator(7), key: 11))
    #expect(way.count == 2 && way.allSatisfy(fabric.isAlive))
    #expect(fabric.names(7, 2) == ["accelerator 7 – accelerator 2"])
    for third in [0, 1, 3, 4, 5, 6] { try fabric.fail("accelerator \(third) – accelerator 7") }
    #expect(fabric.names(2, 7) == nil)
  }

  @Test("all pairs of a mesh of two domains have links of their own")
  func meshLinks() {
    let fabric = Fabric(
      FabricDescription(
        nodes: 2, acceleratorsPerNode: 4, scaleUp: .mesh(linkBytesPerSecond: 1e9), acceleratorsPerDomain: 4))
    var seen: Set<Int32> = []
    for a in 0..<8 {
      for b in 0..<8 where a != b && a / 4 == b / 4 {
        #expect(fabric.names(a, b) == ["accelerator \(a) – accelerator \(b)"])
        seen.insert(fabric.pairLink(a, b).index)
      }
    }
    #expect(seen.count == fabric.linkCount && fabric.linkCount == 24)
  }

  @Test("a ring: the shorter way round, the longer one where a link has failed")
  func ring() throws {
    var fabric = domain(.torus(sizes: [6], linkBytesPerSecond: 1e9), 6)
    #expect(fabric.names(1, 3) == ["accelerator 1 +x", "accelerator 2 +x"])
    #expect(fabric.names(1, 5) == ["accelerator 1 -x", "accelerator 0 -x"])
    // Half way round either way is as far: ahead.
    #expect(fabric.names(0, 3)?.first == "accelerator 0 +x")
    try fabric.fail("accelerator 2 +x")
    #expect(
      fabric.names(1, 3) == [
        "accelerator 1 -x", "accelerator 0 -x", "accelerator 5 -x", "accelerator 4 -x",
      ])
    try fabric.fail("accelerator 0 -x")
    #expect(fabric.names(1, 3) == nil)
  }

  @Test("a torus: one dimension after the other, in another order where a link has failed")
  func torus() throws {
    var fabric = domain(.torus(sizes: [4, 3, 2], linkBytesPerSecond: 1e9), 24, nodes: 4)
    // From (0, 0, 0) to (3, 1, 1) = 3 + 4 + 12.
    #expect(fabric.names(0, 19) == ["accelerator 0 -x", "accelerator 3 +y", "accelerator 7 +z"])
    try fabric.fail("accelerator 0 -x")
    #expect(fabric.names(0, 19) == ["accelerator 0 +y", "accelerator 4 +z", "accelerator 16 -x"])
    // A dimension of two has one link each way.
    #expect(fabric.names(12, 0) == ["accelerator 12 +z"])
    for a in 0..<24 {
      for b in 0..<24 where a != b {
        #expect(fabric.route(from: .accelerator(a), to: .accelerator(b))?.allSatisfy(fabric.isAlive) == true)
      }
    }
  }

  @Test("one rail stays on its leaf, another one crosses a spine")
  func railSpine() throws {
    var fabric = rails()
    #expect(fabric.names(0, 8) == ["node 0 nic 0 up", "node 1 nic 0 down"])
    #expect(fabric.names(0, 3) == ["accelerator 0 port up", "accelerator 3 port down"])
    try fabric.fail("spine 1 – leaf 3")
    for key in 0..<50 {
      #expect(
        fabric.names(0, 11, key: UInt64(key)) == [
          "node 0 nic 0 up", "leaf 0 – spine 0", "spine 0 – leaf 3", "node 1 nic 3 down",
        ])
    }
    try fabric.fail("leaf 0 – spine 0")
    #expect(fabric.names(0, 11) == nil)
    #expect(fabric.names(1, 11) != nil)
    try fabric.fail("node 0 nic 0 up")
    #expect(fabric.names(0, 8) == nil)
  }

  @Test("flows of different keys take all spines, of one key always the same")
  func spines() {
    let fabric = rails(spines: 4)
    var taken = Array(repeating: 0, count: 4)
    for key in 0..<4000 {
      let way = fabric.names(0, 11, key: UInt64(key)) ?? []
      #expect(way == fabric.names(0, 11, key: UInt64(key)))
      for spine in 0..<4 where way.contains("leaf 0 – spine \(spine)") { taken[spine] += 1 }
    }
    #expect(taken.allSatisfy { (850...1150).contains($0) }, "\(taken)")
  }

  @Test("under PXN another rail is reached over scale-up, and a failed NIC is avoided at both ends")
  func pxn() throws {
    var fabric = rails(crossing: .scaleUp)
    let relayed = [
      "accelerator 0 port up", "accelerator 3 port down", "node 0 nic 3 up", "node 1 nic 3 down",
    ]
    #expect(fabric.names(0, 11) == relayed)
    #expect(fabric.names(0, 8) == ["node 0 nic 0 up", "node 1 nic 0 down"])
    try fabric.fail("node 0 nic 3 up")
    #expect(fabric.names(0, 11)?.count == 4)
    #expect(fabric.names(0, 11)?[0] == "node 0 nic 0 up")
    try fabric.fail("node 1 nic 3 down")
    for key in 0..<20 {
      let detour = fabric.route(from: .accelerator(0), to: .accelerator(11), key: UInt64(key))
      #expect(detour?.allSatisfy(fabric.isAlive) == true)
      #expect(fabric.names(0, 11, key: UInt64(key))?.last == "accelerator 11 port down")
    }
    try fabric.fail("accelerator 11 port down")
    #expect(fabric.names(0, 11) == nil)
  }

  @Test("rails without spines reach other rails under PXN only")
  func railOnly() {
    #expect(rails(spines: 0).names(0, 11) == nil)
    #expect(rails(crossing: .scaleUp, spines: 0).names(0, 11)?.count == 4)
  }

  @Test("another pod is reached over the core, and a dead core is avoided")
  func pods() throws {
    var fabric = rails(nodes: 8, spines: 1, cores: 2)
    try fabric.fail("core 1 – pod 1 spine 0")
    #expect(
      fabric.names(0, 32, key: 3) == [
        "node 0 nic 0 up", "pod 0 leaf 0 – spine 0", "pod 0 spine 0 – core 0", "core 0 – pod 1 spine 0",
        "spine 0 – pod 1 leaf 0", "node 4 nic 0 down",
      ])
    #expect(rails(nodes: 8, spines: 1, cores: 0).names(0, 32) == nil)
  }

  @Test("a fat tree: one leaf, one pod, two pods; accelerators of a node without scale-up too")
  func tree() {
    let fabric = fatTree(nodes: 12)
    #expect(fabric.names(0, 1) == ["node 0 nic 0 up", "node 0 nic 0 down"])
    #expect(fabric.names(0, 5) == ["node 0 nic 0 up", "node 2 nic 0 down"])
    let inPod = fabric.names(0, 7, key: 1) ?? []
    #expect(inPod.count == 4 && inPod[1].hasPrefix("pod 0 leaf 0 – spine "))
    let between = fabric.names(0, 23, key: 1) ?? []
    #expect(between.count == 6 && between[4].hasSuffix("pod 1 leaf 1"))
  }

  @Test("hosts and storage")
  func hosts() throws {
    var fabric = rails()
    func names(_ a: FabricEnd, _ b: FabricEnd) -> [String]? {
      fabric.route(from: a, to: b)?.map(fabric.name)
    }
    #expect(names(.accelerator(9), .host(1)) == ["accelerator 9 – host"])
    #expect(names(.host(1), .accelerator(9)) == ["host – accelerator 9"])
    #expect(
      names(.accelerator(9), .host(0)) == [
        "accelerator 9 – host", "node 1 host nic up", "node 0 host nic down",
      ])
    #expect(
      names(.storage, .accelerator(9)) == ["storage out", "node 1 host nic down", "host – accelerator 9"])
    #expect(names(.accelerator(9), .storage) == ["accelerator 9 – host", "node 1 host nic up", "storage in"])
    #expect(names(.storage, .host(2)) == ["storage out", "node 2 host nic down"])
    #expect(names(.host(2), .storage) == ["node 2 host nic up", "storage in"])
    #expect(names(.host(2), .host(2)) == [])
    // A port of the domain fails: through the host.
    try fabric.fail("accelerator 0 port up")
    #expect(fabric.names(0, 3) == ["accelerator 0 – host", "host – accelerator 3"])
    // No adapters of hosts: storage reaches the accelerators' own.
    let tree = fatTree(nodes: 6)
    #expect(
      tree.route(from: .storage, to: .accelerator(5))?.map(tree.name) == ["storage out", "node 2 nic 0 down"])
    #expect(tree.route(from: .accelerator(5), to: .host(2)) == nil)
  }

  @Test("several NICs of an accelerator: key by key, and the one that is left")
  func severalNICs() throws {
    var fabric = Fabric(
      FabricDescription(
        nodes: 2, acceleratorsPerNode: 2, scaleUp: .none, acceleratorsPerDomain: 1, nicsPerNode: 4,
        nicBytesPerSecond: 50e9,
        scaleOut: .railOptimised(.init(nodesPerPod: 2, spinesPerPod: 1), crossing: .spine)))
    let ways = Set((0..<20).compactMap { fabric.names(1, 3, key: UInt64($0))?.first })
    #expect(ways == ["node 0 nic 2 up", "node 0 nic 3 up"])
    try fabric.fail("node 0 nic 3 up")
    for key in 0..<20 {
      #expect(fabric.names(1, 3, key: UInt64(key)) == ["node 0 nic 2 up", "node 1 nic 2 down"])
    }
    // Then across the spine to the only NIC left at the other end.
    try fabric.fail("node 1 nic 2 down")
    #expect(fabric.names(1, 3)?.count == 4)
  }
}

@Suite("Fabrics as laid out")
struct FabricLayoutTests {
  @Test("oversubscription at the leaf and at the spine")
  func oversubscription() throws {
    let fabric = rails(nodes: 8, spines: 2, cores: 2)
    // A leaf has 4 NICs of 50 GB/s below, half of that above, over 2 spines.
    #expect(fabric.bytesPerSecond(try fabric.link("pod 1 leaf 5 – spine 1")) == 50e9)
    // A spine has 8 leaves of 50 GB/s below, a quarter of that above, over 2 cores.
    #expect(fabric.bytesPerSecond(try fabric.link("pod 1 spine 1 – core 3")) == 50e9)
    #expect(fabric.bytesPerSecond(try fabric.link("core 3 – pod 1 spine 1")) == 50e9)
    let tree = fatTree(nodes: 12)
    #expect(tree.bytesPerSecond(try tree.link("pod 0 leaf 1 – spine 0")) == 50e9)
    #expect(tree.bytesPerSecond(try tree.link("pod 0 spine 0 – core 1")) == 25e9)
    #expect(tree.bytesPerSecond(try tree.link("storage out")) == 10e9)
  }

  @Test("names tell all links apart, and capacities are those of the network")
  func names() {
    for fabric in [rails(nodes: 8, cores: 2), fatTree(nodes: 7), domain(.mesh(linkBytesPerSecond: 1e9), 4)] {
      let links = (0..<fabric.linkCount).map { LinkID(index: Int32($0)) }
      #expect(Set(links.map(fabric.name)).count == fabric.linkCount)
      let network = fabric.network()
      #expect(network.linkCount == fabric.linkCount)
      for link in links {
        #expect(network.capacityBytesPerSecond(link) == fabric.bytesPerSecond(link))
      }
    }
  }

  @Test("10,000 accelerators have links in proportion")
  func large() {
    let fabric = rails(nodes: 1250, nodesPerPod: 32, spines: 8, cores: 8)
    // Three pairs an accelerator, one a host, 8 x 8 a pod of leaves and of spines, and the storage's.
    #expect(fabric.linkCount == 6 * 10_000 + 2 * 1250 + 2 * 40 * 64 * 2 + 2)
    #expect(fabric.names(0, 9999)?.count == 6)
  }

  @Test("what can't be is told in words")
  func problems() {
    var description = rails().description
    #expect(description.problem == nil)
    description.acceleratorsPerDomain = 12
    #expect(description.problem == "a scale-up domain of 12 is neither whole nodes nor a part of one")
    description.acceleratorsPerDomain = 16
    #expect(description.problem == nil)
    description.nicsPerNode = 3
    #expect(description.problem == "3 NICs can't be shared out evenly among 8 accelerators")
    description.nicsPerNode = 0
    #expect(description.problem == "a network needs NICs")
    description.nicsPerNode = 8
    description.nicBytesPerSecond = 0
    #expect(description.problem == "a link's rate is above 0 and finite")
    description.nicBytesPerSecond = 1
    description.scaleUp = .torus(sizes: [4, 3], linkBytesPerSecond: 1)
    #expect(description.problem == "the sizes of a torus multiply to its domain, 16")
    description.scaleUp = .torus(sizes: [16, 1], linkBytesPerSecond: 1)
    #expect(description.problem == "a torus has one to three dimensions of at least 2")
  }
}

@Suite("Collectives alone: flows agree with closed forms")
struct CollectiveTrafficTests {
  private func agree(_ traffic: CollectiveTraffic, _ fabric: Fabric, _ seconds: Double) throws {
    let closed = try #require(traffic.seconds(over: fabric, latencySecondsPerStep: 1e-6))
    let simulated = try #require(traffic.simulatedSeconds(over: fabric, latencySecondsPerStep: 1e-6))
    #expect(abs(closed - seconds) <= 1e-9 * seconds)
    #expect(abs(simulated - closed) <= 5e-9)
  }

  @Test("a ring in a switched domain: 2 (n - 1) / n of the bytes over each port")
  func ring() throws {
    try agree(
      .ringAllReduce(Array(0..<8), bytes: 1e9), rails(), 2 * 7.0 / 8 * 1e9 / 450e9 + 14e-6)
  }

  @Test("an all-to-all in a switched domain, a mesh and over rails")
  func allToAll() throws {
    let all = CollectiveTraffic.allToAll(Array(0..<8), bytes: 8e8)
    try agree(all, rails(), 7e8 / 450e9 + 1e-6)
    try agree(all, domain(.mesh(linkBytesPerSecond: 64e9), 8), 1e8 / 64e9 + 1e-6)
    // Rail 0 of four nodes.
    try agree(.allToAll([0, 8, 16, 24], bytes: 8e8), rails(), 6e8 / 50e9 + 1e-6)
  }

  @Test("hierarchical: in the nodes, along the rails, in the nodes")
  func hierarchical() throws {
    let groups = (0..<4).map { node in (0..<8).map { 8 * node + $0 } }
    let inside = 7.0 / 8 * 1e9 / 450e9 + 7e-6
    let across = 2 * 3.0 / 4 * (1e9 / 8) / 50e9 + 6e-6
    try agree(.hierarchicalAllReduce(groups, bytes: 1e9), rails(), 2 * inside + across)
  }

  @Test("nothing to move, and no way to move it")
  func edges() {
    #expect(CollectiveTraffic.ringAllReduce([3], bytes: 1e9).seconds(over: rails()) == 0)
    #expect(CollectiveTraffic.allToAll([3], bytes: 1e9).seconds(over: rails()) == 0)
    #expect(CollectiveTraffic.allToAll([0, 11], bytes: 1).seconds(over: rails(spines: 0)) == nil)
    #expect(CollectiveTraffic.hierarchicalAllReduce([], bytes: 1).seconds(over: rails()) == 0)
  }

  @Test("an uneven all-to-all is never quicker than its busiest link", arguments: 0..<20)
  func bound(seed: Int) throws {
    var cases = CaseGenerator(seed)
    let fabric = rails(crossing: cases.pick([.spine, .scaleUp]))
    var members: [Int] = []
    for accelerator in 0..<32 where cases.int(0...2) == 0 { members.append(accelerator) }
    let traffic = CollectiveTraffic.allToAll(members, bytes: 1e8)
    let closed = try #require(traffic.seconds(over: fabric))
    let simulated = try #require(traffic.simulatedSeconds(over: fabric))
    #expect(simulated >= closed * (1 - 1e-6))
  }
}
