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
struct Collectives: Sendable {
  let roofline: Roofline
  let scaleUp: ScaleUpFabric
  let scaleOut: ScaleOutFabric

  /// The links that a group of `size` accelerators talks over: seconds a phase and usable bytes/s per accelerator.
  private func links(size: Int) -> (latency: Double, bandwidth: Double) {
    let efficiencies = roofline.efficiencies
    guard size <= scaleUp.worldSize, scaleUp.topology != .none else {
      return (
        scaleOut.latency?.si ?? efficiencies.scaleOut.latencySeconds,
        scaleOut.bandwidth.si * efficiencies.scaleOut.bandwidth
      )
    }
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

  /// The sum of `bytes` over `size` accelerators, left on all of them.
  func allReduce(bytes: Double, size: Int) -> CostVector {
    guard size > 1 else { return .zero }
    var (latency, bandwidth) = links(size: size)
    var factor = 1.0
    // Exchanges depend on the fabric: a surface holds for the generation that it was measured on.
    if size <= scaleUp.worldSize, let measured = roofline.efficiencies.exchangeSurface("all_reduce"),
      measured.provenance == .measured
    {
      bandwidth *= measured.efficiency.memory / roofline.efficiencies.scaleUp.bandwidth
      latency = measured.efficiency.launchSeconds
      factor = measured.residual.map { exp($0.value(at: Exchange.shape(bytes: bytes, size: size))) } ?? 1
    }
    let seconds = Exchange.allReduceSeconds(
      bytes: bytes, size: size, latency: latency, bandwidth: bandwidth, topology: scaleUp.topology)
    return roofline.waiting(seconds: seconds * factor, limit: .network, lane: .collective)
  }

  /// Each accelerator of `size` sends `bytes` in all, spread evenly over the others.
  func allToAll(bytes: Double, size: Int) -> CostVector {
    guard size > 1 else { return .zero }
    let (latency, bandwidth) = links(size: size)
    return roofline.waiting(seconds: latency + bytes / bandwidth, limit: .network, lane: .collective)
  }

  /// One accelerator sends `bytes` to another, `accelerators` being the size of the replica they belong to.
  func handOff(bytes: Double, accelerators: Int) -> CostVector {
    let (latency, bandwidth) = links(size: max(accelerators, 2))
    return roofline.waiting(seconds: latency + bytes / bandwidth, limit: .network, lane: .collective)
  }
}

/// Closed forms of exchanges, shared by predictions and fits.
public enum Exchange {
  /// Seconds to leave the sum of `bytes` over `size` accelerators on all of them.
  ///
  /// The faster of one shot (each reads all others: 1 phase, (n − 1) B) and two shots (reduce-scatter, all-gather:
  /// 2 phases, 2 (n − 1)/n B); on a ring or torus two shots whose phases run along the ring.
  /// - Parameters:
  ///   - bytes: the size of one accelerator's part, which is also the sum's.
  ///   - size: accelerators, >= 2.
  ///   - latency: seconds of a phase.
  ///   - bandwidth: bytes/s that one accelerator reaches in one direction.
  ///   - topology: how they are joined.
  /// - Returns: seconds.
  public static func allReduceSeconds(
    bytes: Double, size: Int, latency: Double, bandwidth: Double, topology: FabricTopology
  ) -> Double {
    let peers = Double(size - 1)
    let twoShot = 2 * peers / Double(size) * bytes / bandwidth
    switch topology {
    case .ring, .torus2D, .torus3D: return 2 * peers * latency / Double(size) + latency + twoShot
    default: return min(latency + peers * bytes / bandwidth, 2 * latency + twoShot)
    }
  }

  /// Where a residual grid of exchanges is looked up: base-2 logarithms of bytes and accelerators.
  public static func shape(bytes: Double, size: Int) -> SIMD3<Double> {
    SIMD3(log2(max(bytes, 1)), log2(Double(size)), 0)
  }
}
