import Hardware
import Models
import Quantities

/// What tokens' way to the accelerators of their experts and back costs under one framework's kernels.
///
/// time = latency + bytes an accelerator sends / (bandwidth x efficiency), measured for 2 to 64 accelerators of an NVLink
/// domain to within 1 to 4 % of each series; the latency hardly depends on their number. What leaves a domain takes the
/// faster of two ways: ``NetworkExpertExchange``.
public struct ExpertExchangeCosts: Sendable, Equatable {
  /// Seconds before the first byte of a dispatch, with the counting of tokens that precedes it.
  public var dispatchSeconds: Double
  /// The same of a combine.
  public var combineSeconds: Double
  /// Share of the scale-up link's unidirectional bandwidth, in (0, 1].
  public var bandwidth: Double

  /// Costs from their numbers; see the properties for ranges.
  public init(dispatchSeconds: Double, combineSeconds: Double, bandwidth: Double) {
    self.dispatchSeconds = dispatchSeconds
    self.combineSeconds = combineSeconds
    self.bandwidth = bandwidth
  }
}

/// What tokens' way to the accelerators of other scale-up domains costs, over network adapters.
///
/// Measured on 16 to 64 H100, one adapter of 50 GB/s each, with DeepEP: decode kernels send a copy to each expert, which
/// costs little time and many bytes; prompt kernels send one to each domain, whose accelerators pass it on.
public struct NetworkExpertExchange: Sendable, Equatable {
  /// What one way of copying costs.
  public struct Way: Sendable, Equatable {
    /// Seconds before the first byte of each direction, beyond those inside a domain.
    public var seconds: Double
    /// Share of the adapter's bandwidth, in (0, 1].
    public var bandwidth: Double
  }

  /// A copy of a token for each of its experts.
  public var copyPerExpert: Way
  /// A copy of a token for each domain that holds any of its experts.
  public var copyPerDomain: Way
}

extension Collectives {
  /// Dispatch and combine of the tokens that one accelerator of `size` holds.
  ///
  /// A token goes once to each accelerator that holds any of its experts: of `size` equally likely ones, drawn
  /// `perToken` times, (size - 1) (1 - (1 - 1/size)^perToken) others are hit.
  /// - Parameters:
  ///   - tokens: tokens on one accelerator.
  ///   - perToken: experts of a token.
  ///   - size: accelerators that the experts are spread over.
  ///   - dispatchBytes: bytes of a token on its way there.
  ///   - combineBytes: bytes of a token on its way back.
  ///   - busiest: bytes of the accelerator that most tokens come to / bytes where all choices are equally likely.
  /// - Returns: the cost of both.
  func expertExchange(
    tokens: Double, perToken: Double, size: Int, dispatchBytes: Double, combineBytes: Double,
    busiest: Double = 1
  ) -> CostVector {
    guard size > 1 else { return .zero }
    let (joined, domains) = spread(size: size)
    let costs = roofline.efficiencies.expertExchange
    let bytes = tokens * busiest * (dispatchBytes + combineBytes)
    var seconds = 0.0
    if joined > 1 {
      let copies = Self.copies(perToken: perToken, size: size) * Double(joined - 1) / Double(size - 1)
      seconds = bytes * copies / (scaleUp.bandwidth.si * costs.bandwidth)
    }
    if domains > 1 {
      // Both kinds of links work side by side.
      let ways = roofline.efficiencies.networkExpertExchange
      func out(_ way: NetworkExpertExchange.Way, copies: Double) -> Double {
        2 * way.seconds + max(seconds, bytes * copies / (scaleOut.bandwidth.si * way.bandwidth))
      }
      let leaving = Self.leavingCopies(perToken: perToken, domains: domains)
      seconds = min(
        out(ways.copyPerExpert, copies: leaving.perExpert), out(ways.copyPerDomain, copies: leaving.perDomain)
      )
    }
    return roofline.waiting(
      seconds: costs.dispatchSeconds + costs.combineSeconds + seconds, limit: .network, lane: .collective)
  }

  /// Copies of a token that leave its domain, of `domains`: one for each expert there, or one for each such domain.
  static func leavingCopies(perToken: Double, domains: Int) -> (perExpert: Double, perDomain: Double) {
    (perToken * Double(domains - 1) / Double(domains), copies(perToken: perToken, size: domains))
  }

  /// Other accelerators that a token goes to.
  static func copies(perToken: Double, size: Int) -> Double {
    // Experts of a token are few: no library call is worth it.
    let missed = (0..<Int(perToken)).reduce(1.0) { product, _ in product * (1 - 1 / Double(size)) }
    return Double(size - 1) * (1 - missed)
  }
}

extension LayerOperators {
  /// Bytes that a token's dispatch and combine send in this layer, as the cost of its exchange counts them.
  ///
  /// - Parameter decoding: whether what leaves a domain is a copy for each expert, as in decode steps.
  /// - Returns: bytes.
  func expertBytesPerToken(decoding: Bool) -> Double {
    guard exchangesTokens, parallel.expert > 1, case .mixtureOfExperts(let mixture) = group.feedForward else {
      return 0
    }
    let (size, perToken) = (parallel.expert, Double(mixture.expertsPerToken))
    let domains = collectives.spread(size: size).domains
    var copies = Collectives.copies(perToken: perToken, size: size)
    if domains > 1 {
      // Spread over all others, as many must leave the domain as do.
      let leaving = Collectives.leavingCopies(perToken: perToken, domains: domains)
      let others = Double(size - 1) / (Double(size) * Double(domains - 1) / Double(domains))
      copies = (decoding ? leaving.perExpert : leaving.perDomain) * others
    }
    return copies * hidden * (precision.activations.bytesPerElement + Self.activationBytes)
  }

  /// Bytes of a token that are summed over a tensor-parallel group in this layer.
  var summedBytesPerToken: Double {
    guard parallel.tensor > 1 else { return 0 }
    let sums =
      (group.attention == .none ? 0.0 : 1.0) + (group.feedForward == .none || exchangesTokens ? 0.0 : 1.0)
    return sums * hidden * Self.activationBytes
  }
}
