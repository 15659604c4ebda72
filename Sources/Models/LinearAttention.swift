/// A mixer that carries a state of fixed size per sequence in place of a growing cache.
///
/// Key heads and their width are what the state is addressed by, value heads and their width what it holds.
/// Mamba-2 in these words: groups and state size, heads and head size.
public struct LinearAttention: Sendable, Equatable {
  /// Which recurrence.
  public var kind: Kind
  /// Key heads (Mamba-2: groups G).
  public var keyHeads: Int
  /// Value heads (Mamba-2: heads).
  public var valueHeads: Int
  /// Elements per key head (Mamba-2: state size).
  public var keyHeadDimension: Int
  /// Elements per value head (Mamba-2: head size).
  public var valueHeadDimension: Int
  /// Taps of the short causal convolution in front of the recurrence.
  public var convolutionKernel: Int
  /// The convolution has a bias per channel.
  public var convolutionBias: Bool
  /// Kimi delta attention: the output gate is a full matrix rather than one of rank `keyHeadDimension`.
  public var fullRankGate: Bool

  /// The recurrences that are modelled.
  public enum Kind: String, Sendable {
    /// Gated DeltaNet (Qwen3-Next, Qwen3.5).
    case gatedDeltaNet
    /// Mamba-2 (Nemotron-H, Nemotron 3).
    case mamba2
    /// Kimi delta attention: Gated DeltaNet with a decay per key element (Kimi Linear, Kimi K3).
    case kimiDelta
  }

  /// A linear attention from its parts.
  public init(
    kind: Kind, keyHeads: Int, valueHeads: Int, keyHeadDimension: Int, valueHeadDimension: Int,
    convolutionKernel: Int, convolutionBias: Bool = false, fullRankGate: Bool = false
  ) {
    self.kind = kind
    self.keyHeads = keyHeads
    self.valueHeads = valueHeads
    self.keyHeadDimension = keyHeadDimension
    self.valueHeadDimension = valueHeadDimension
    self.convolutionKernel = convolutionKernel
    self.convolutionBias = convolutionBias
    self.fullRankGate = fullRankGate
  }

  /// Width of all keys: key heads × elements per key head.
  public var keyWidth: Int { keyHeads * keyHeadDimension }

  /// Width of all values: value heads × elements per value head.
  public var valueWidth: Int { valueHeads * valueHeadDimension }

  /// Channels of the convolution: queries, keys and values (Mamba-2: x, B and C), all 2·keys + values.
  public var convolutionChannels: Int { 2 * keyWidth + valueWidth }

  /// Elements of recurrent state per sequence and layer: value heads × key dimension × value dimension.
  public var stateElements: Int { valueHeads * keyHeadDimension * valueHeadDimension }

  /// Elements of convolution state per sequence and layer: channels × (kernel − 1).
  public var convStateElements: Int { convolutionChannels * max(0, convolutionKernel - 1) }

  /// Matrix parameters, for hidden size H.
  ///
  /// - Gated DeltaNet: in H·(2·keys + 2·values + 2·value heads), out values·H.
  /// - Mamba-2: in H·(2·values + 2·keys + value heads), out values·H.
  /// - Kimi delta: H·(2·keys + values), decay H·d + d·keys, beta H·heads, gate H·values or H·d + d·values,
  ///   out values·H, with d the key dimension.
  public func projectionParameters(hiddenSize: Int) -> Int {
    let output = valueWidth * hiddenSize
    switch kind {
    case .gatedDeltaNet:
      return hiddenSize * (2 * keyWidth + 2 * valueWidth + 2 * valueHeads) + output
    case .mamba2:
      return hiddenSize * (2 * valueWidth + 2 * keyWidth + valueHeads) + output
    case .kimiDelta:
      let decay = hiddenSize * keyHeadDimension + keyHeadDimension * keyWidth
      let gate =
        fullRankGate
        ? hiddenSize * valueWidth : hiddenSize * keyHeadDimension + keyHeadDimension * valueWidth
      return hiddenSize * (2 * keyWidth + valueWidth) + decay + hiddenSize * valueHeads + gate + output
    }
  }

  /// Parameters outside the matrices: convolution, decay, time step, norm.
  public var otherParameters: Int {
    let convolution = convolutionChannels * (convolutionKernel + (convolutionBias ? 1 : 0))
    switch kind {
    case .gatedDeltaNet: return convolution + 2 * valueHeads + valueHeadDimension
    case .mamba2: return convolution + 3 * valueHeads + valueWidth
    case .kimiDelta: return convolution + valueHeads + keyWidth + valueHeadDimension
    }
  }

  /// FLOPs of the recurrence and convolution for one token, whatever the context.
  ///
  /// A delta rule reads the state with the key, writes it and reads it with the query: 3 products of
  /// 2·`stateElements`. Mamba-2 writes and reads: 2 products. The convolution adds 2·channels·kernel.
  public var stateFloatingPointOperations: Double {
    let products = kind == .mamba2 ? 2 : 3
    return Double(2 * products * stateElements + 2 * convolutionChannels * convolutionKernel)
  }
}
