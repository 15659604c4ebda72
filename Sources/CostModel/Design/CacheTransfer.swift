import Hardware
import Models
import Quantities

/// Where the client's first token comes from when prompts and answers are worked on in different pools.
public enum FirstTokenSource: String, Sendable, CaseIterable {
  /// The prefill worker sends it when the prompt is done.
  case prefill
  /// The prefill worker makes it, the decode worker sends it when it takes the request into its batch.
  case handOff = "hand-off"
  /// The decode worker makes it in its first step: the cache comes without the prompt's last token.
  case decode
}

/// A framework's own part in handing requests from prefill to decode workers.
public struct HandOffOverhead: Sendable, Equatable {
  /// Seconds of router and workers from the end of a prompt until the decode worker's scheduler sees the request.
  public var seconds: Double
  /// Who sends the first token.
  public var firstToken: FirstTokenSource

  /// An overhead; seconds >= 0.
  public init(seconds: Double, firstToken: FirstTokenSource) {
    self.seconds = seconds
    self.firstToken = firstToken
  }
}

/// How long the KV cache of a request is on its way from a prefill to a decode replica.
public struct CacheTransfer: Sendable, Equatable {
  /// The constant part in seconds.
  public var latencySeconds: Double
  /// Seconds for each cached token.
  public var secondsPerToken: Double
  /// Links of one prefill replica that work side by side: one for each attention group.
  public var links: Int
}

extension ReplicaDesign {
  /// The framework's part in a hand-off.
  public var handOff: HandOffOverhead {
    efficiencies.handOffs[framework] ?? HandOffOverhead(seconds: 0, firstToken: .handOff)
  }

  /// The transfer of caches from this design's replicas to those of `decode`.
  ///
  /// Each accelerator sends its own part over its own scale-out link: stacks use it even inside a scale-up domain, where
  /// copies of many pages are slower. The wider of the two ends' parts and the slower of their links set the pace.
  /// - Parameters:
  ///   - decode: the design that receives.
  ///   - bytesPerSecond: what one accelerator's link reaches; nil: the prior's share of its bandwidth.
  ///   - overlaps: whether each layer leaves when it is done, so that only the last is waited for.
  /// - Returns: the time of one request's transfer.
  public func cacheTransfer(
    to decode: ReplicaDesign, bytesPerSecond: Double? = nil, overlaps: Bool = false
  ) -> CacheTransfer {
    let link = efficiencies.cacheTransfer
    let slower = min(system.scaleOut.bandwidth.si, decode.system.scaleOut.bandwidth.si)
    let bandwidth = bytesPerSecond ?? slower * link.bandwidth
    let here = memory
    let there = decode.memory
    // Pipeline stages hold layers of their own, which leave side by side.
    let layers = Double(max(model.transformer?.layerCount ?? 1, 1))
    // Groups that share a prompt send their parts of it side by side.
    let exposed = (overlaps ? 1 / layers : 1) / Double(parallel.context)
    return CacheTransfer(
      latencySeconds: link.latencySeconds
        + max(here.fixedBytesPerSequence, there.fixedBytesPerSequence) / bandwidth * exposed,
      secondsPerToken: max(here.keyValueBytesPerToken, there.keyValueBytesPerToken) / bandwidth * exposed,
      links: parallel.requestGroups)
  }
}

/// What steps send between accelerators for each token, and the pieces that caches are moved in.
extension ReplicaDesign {
  /// Bytes of a token's cache in one layer that keeps the whole context, on one accelerator; on average over such layers,
  /// 0 where there are none.
  public var keyValueBytesPerTokenAndLayer: Double {
    var bytes = 0.0
    var layers = 0.0
    for (count, operators) in layerOperators {
      let each = operators.keyValueBytesPerToken + operators.indexKeyBytesPerToken
      guard !operators.isBounded, each > 0 else { continue }
      bytes += count * each
      layers += count
    }
    return layers > 0 ? bytes / layers : 0
  }

  /// Bytes that a token's way to the accelerators of its experts and back sends in all layers.
  ///
  /// - Parameter decoding: whether in decode steps: what leaves a scale-up domain is then a copy for each expert.
  /// - Returns: bytes.
  public func expertBytesPerToken(decoding: Bool) -> Double {
    layerOperators.reduce(0) { $0 + $1.count * $1.operators.expertBytesPerToken(decoding: decoding) }
  }

  /// Bytes of a token of which the accelerators of a tensor-parallel group hold summands, in all layers.
  public var summedBytesPerToken: Double {
    layerOperators.reduce(0) { $0 + $1.count * $1.operators.summedBytesPerToken }
  }
}
