import Hardware

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Closed forms of exchanges, shared by predictions and fits.
///
/// n accelerators, B bytes on each, α seconds of a phase, b bytes/s that one accelerator reaches in one direction.
public enum Exchange {
  /// How a sum that every accelerator needs is formed.
  public enum Algorithm: Sendable, CaseIterable {
    /// Each reads all others: α + (n − 1) B/b.
    case oneShot
    /// Reduce-scatter and all-gather between all pairs: 2 α + 2 (n − 1)/n B/b.
    case twoShot
    /// Parts pass from neighbour to neighbour, twice round: 2 (n − 1) α + 2 (n − 1)/n B/b.
    case ring
    /// Two binary trees, each for half of the bytes, up and down again: 2 ⌈log2 n⌉ α + 2 B/b.
    ///
    /// An inner node of one tree is a leaf of the other, so that each sends 2 B (Sanders, Speck and Träff 2009; NCCL).
    case tree
    /// The switch sums and multicasts (NVLink SHARP, SHARP): 2 α + (n + 1)/n B/b.
    ///
    /// Each accelerator is read by the switch once, B, and writes the part that it gathered, B/n.
    case inNetwork

    /// Seconds of the form; `size` >= 2.
    public func seconds(bytes: Double, size: Int, latency: Double, bandwidth: Double) -> Double {
      let number = Double(size)
      let phases: Double
      let share: Double
      switch self {
      case .oneShot: (phases, share) = (1, number - 1)
      case .twoShot: (phases, share) = (2, 2 * (number - 1) / number)
      case .ring: (phases, share) = (2 * (number - 1), 2 * (number - 1) / number)
      case .tree: (phases, share) = (2 * log2(number).rounded(.up), 2)
      case .inNetwork: (phases, share) = (2, (number + 1) / number)
      }
      return phases * latency + share * bytes / bandwidth
    }
  }

  /// Seconds to leave the sum of `bytes` over `size` accelerators of a scale-up domain on all of them.
  ///
  /// The faster of one and two shots, or of sums in the switch where it forms them; on a ring or torus two shots whose
  /// phases run along the ring.
  /// - Parameters:
  ///   - bytes: the size of one accelerator's part, which is also the sum's.
  ///   - size: accelerators, >= 2.
  ///   - latency: seconds of a phase.
  ///   - bandwidth: bytes/s that one accelerator reaches in one direction.
  ///   - topology: how they are joined.
  ///   - inNetwork: whether the switches sum.
  /// - Returns: seconds.
  public static func allReduceSeconds(
    bytes: Double, size: Int, latency: Double, bandwidth: Double, topology: FabricTopology,
    inNetwork: Bool = false
  ) -> Double {
    func seconds(_ algorithm: Algorithm) -> Double {
      algorithm.seconds(bytes: bytes, size: size, latency: latency, bandwidth: bandwidth)
    }
    switch topology {
    case .ring, .torus2D, .torus3D:
      let hops = 2 * Double(size - 1) / Double(size) + 1
      return hops * latency
        + Algorithm.twoShot.seconds(bytes: bytes, size: size, latency: 0, bandwidth: bandwidth)
    case .fullMesh, .switched, .pcie, .none:
      let direct = min(seconds(.oneShot), seconds(.twoShot))
      return inNetwork ? min(direct, seconds(.inNetwork)) : direct
    }
  }

  /// The same over network adapters: the faster of a ring and trees, or of sums in the switches where they form them.
  public static func networkAllReduceSeconds(
    bytes: Double, size: Int, latency: Double, bandwidth: Double, inNetwork: Bool = false
  ) -> Double {
    let algorithms: [Algorithm] = inNetwork ? [.ring, .tree, .inNetwork] : [.ring, .tree]
    return algorithms.map {
      $0.seconds(bytes: bytes, size: size, latency: latency, bandwidth: bandwidth)
    }.min() ?? 0
  }

  /// Where a residual grid of exchanges is looked up: base-2 logarithms of bytes and accelerators.
  public static func shape(bytes: Double, size: Int) -> SIMD3<Double> {
    SIMD3(log2(max(bytes, 1)), log2(Double(size)), 0)
  }
}
