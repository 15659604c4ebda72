import Hardware
import Models
import Quantities

/// What tokens' way to the accelerators of their experts and back costs under one framework's kernels.
///
/// time = latency + bytes an accelerator sends / (bandwidth x efficiency), measured for 2 to 64 accelerators of an NVLink
/// domain to within 1 to 4 % of each series; the latency hardly depends on their number.
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
    let copies = Self.copies(perToken: perToken, size: size)
    let costs = roofline.efficiencies.expertExchange
    // Beyond the scale-up domain the network link sets the pace: measured, its whole bandwidth.
    let isInside = size <= scaleUp.worldSize && scaleUp.topology != .none
    let bandwidth = isInside ? scaleUp.bandwidth.si * costs.bandwidth : scaleOut.bandwidth.si
    let latency =
      costs.dispatchSeconds + costs.combineSeconds
      + (isInside ? 0 : 2 * roofline.efficiencies.scaleOut.latencySeconds)
    return roofline.waiting(
      seconds: latency + tokens * copies * busiest * (dispatchBytes + combineBytes) / bandwidth,
      limit: .network,
      lane: .collective)
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
  var expertBytesPerToken: Double {
    guard exchangesTokens, parallel.expert > 1, case .mixtureOfExperts(let mixture) = group.feedForward else {
      return 0
    }
    let copies = Collectives.copies(perToken: Double(mixture.expertsPerToken), size: parallel.expert)
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
