import Hardware
import Quantities

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Exchanges between the accelerators of a replica: latency + bytes over the busiest link.
///
/// A group stands inside one scale-up domain or on several, as many accelerators in each: what leaves a domain crosses
/// network adapters.
struct Collectives: Sendable {
  let roofline: Roofline
  let scaleUp: ScaleUpFabric
  let scaleOut: ScaleOutFabric

  /// Seconds of a phase, and bytes/s that one accelerator reaches.
  private typealias Link = (latency: Double, bandwidth: Double)

  /// The links of a group of `size` accelerators of one scale-up domain.
  private func inside(size: Int) -> Link {
    let efficiencies = roofline.efficiencies
    let latency = scaleUp.latency?.si ?? efficiencies.scaleUp.latencySeconds
    let bandwidth = scaleUp.bandwidth.si * efficiencies.scaleUp.bandwidth
    switch scaleUp.topology {
    case .fullMesh:
      // Each peer has a link of its own: a group uses the links to its members only.
      return (latency, bandwidth * Double(size - 1) / Double(max(scaleUp.worldSize - 1, 1)))
    case .ring, .torus2D, .torus3D, .switched, .pcie, .none:
      return (latency, bandwidth)
    }
  }

  /// The network adapter of one accelerator.
  private var network: Link {
    let efficiencies = roofline.efficiencies
    return (
      scaleOut.latency?.si ?? efficiencies.scaleOut.latencySeconds,
      scaleOut.bandwidth.si * efficiencies.scaleOut.bandwidth
    )
  }

  /// How a group of `size` stands: accelerators in a scale-up domain, and domains.
  func spread(size: Int) -> (joined: Int, domains: Int) {
    let joined = min(size, scaleUp.topology == .none ? 1 : scaleUp.worldSize)
    return (joined, (size + joined - 1) / joined)
  }

  /// The sum of `bytes` over `size` accelerators, left on all of them.
  ///
  /// Over several domains: sums are scattered inside each domain, formed across domains part by part, and gathered.
  func allReduce(bytes: Double, size: Int) -> CostVector {
    guard size > 1 else { return .zero }
    let (joined, domains) = spread(size: size)
    var seconds = joined > 1 ? allReduceSeconds(bytes: bytes, joined: joined) : 0
    if domains > 1 {
      seconds += Exchange.networkAllReduceSeconds(
        bytes: bytes / Double(joined), size: domains, latency: network.latency,
        bandwidth: network.bandwidth, inNetwork: scaleOut.sumsInNetwork)
    }
    return roofline.waiting(seconds: seconds, limit: .network, lane: .collective)
  }

  /// The same inside one scale-up domain.
  private func allReduceSeconds(bytes: Double, joined: Int) -> Double {
    var (latency, bandwidth) = inside(size: joined)
    var factor = 1.0
    var sumsInNetwork = scaleUp.sumsInNetwork
    // Exchanges depend on the fabric: a surface holds for the generation that it was measured on, switches included.
    if let measured = roofline.efficiencies.exchangeSurface("all_reduce"), measured.provenance == .measured {
      bandwidth *= measured.efficiency.memory / roofline.efficiencies.scaleUp.bandwidth
      latency = measured.efficiency.launchSeconds
      factor = measured.residual.map { exp($0.value(at: Exchange.shape(bytes: bytes, size: joined))) } ?? 1
      sumsInNetwork = false
    }
    return factor
      * Exchange.allReduceSeconds(
        bytes: bytes, size: joined, latency: latency, bandwidth: bandwidth, topology: scaleUp.topology,
        inNetwork: sumsInNetwork)
  }

  /// Each accelerator of `size` sends `bytes` in all, spread evenly over the others.
  func allToAll(bytes: Double, size: Int) -> CostVector {
    guard size > 1 else { return .zero }
    let (joined, domains) = spread(size: size)
    var seconds = 0.0
    if joined > 1 {
      let link = inside(size: joined)
      seconds = link.latency + bytes * Double(joined - 1) / Double(size - 1) / link.bandwidth
    }
    if domains > 1 {
      // Both kinds of links work side by side.
      let out = network.latency + bytes * Double(size - joined) / Double(size - 1) / network.bandwidth
      seconds = max(seconds, out)
    }
    return roofline.waiting(seconds: seconds, limit: .network, lane: .collective)
  }

  /// One accelerator sends `bytes` to another, `accelerators` being the size of the replica they belong to.
  func handOff(bytes: Double, accelerators: Int) -> CostVector {
    let size = max(accelerators, 2)
    let link = spread(size: size).domains > 1 ? network : inside(size: size)
    return roofline.waiting(
      seconds: link.latency + bytes / link.bandwidth, limit: .network, lane: .collective)
  }
}
