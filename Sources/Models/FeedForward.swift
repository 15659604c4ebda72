/// How a layer transforms each token on its own.
public enum FeedForward: Sendable, Equatable {
  /// Two matrices (three when gated, as in SwiGLU) of hidden size × intermediate size.
  case dense(intermediateSize: Int, gated: Bool, bias: Bool)
  /// A router that sends each token to a few of many experts.
  case mixtureOfExperts(MixtureOfExperts)
  /// The layer has none.
  case none

  /// Parameters of one layer, for hidden size H: the part that every token uses and the routed experts.
  ///
  /// Dense: (2, or 3 when gated)·H·I, and biases I (2·I) + H.
  public func parameters(hiddenSize: Int) -> ParameterCounts {
    switch self {
    case .none: return ParameterCounts()
    case .dense(let intermediateSize, let gated, let bias):
      let matrices = gated ? 3 : 2
      return ParameterCounts(
        feedForward: matrices * hiddenSize * intermediateSize,
        other: bias ? (matrices - 1) * intermediateSize + hiddenSize : 0)
    case .mixtureOfExperts(let experts): return experts.parameters(hiddenSize: hiddenSize)
    }
  }

  /// Parameters of one layer that one token uses: of the experts only those that it is sent to.
  public func activeParameters(hiddenSize: Int) -> ParameterCounts {
    guard case .mixtureOfExperts(let mixture) = self else { return parameters(hiddenSize: hiddenSize) }
    return mixture.activeParameters(hiddenSize: hiddenSize)
  }
}

/// A mixture of experts.
public struct MixtureOfExperts: Sendable, Equatable {
  /// Routed experts.
  public var experts: Int
  /// Routed experts that a token goes to.
  public var expertsPerToken: Int
  /// Intermediate size of one routed expert.
  public var expertIntermediateSize: Int
  /// Intermediate size of all shared experts together; 0 if there are none.
  public var sharedExpertIntermediateSize: Int
  /// Experts have a gate matrix (three matrices in place of two).
  public var gated: Bool
  /// Routers have a bias per expert.
  public var routerBias: Bool
  /// Routed experts have biases.
  public var expertBias: Bool
  /// The shared experts' output is scaled by a gate (H → 1).
  public var sharedExpertGate: Bool
  /// Width that the routed experts work in, where it isn't the hidden size: a matrix H × width leads in, another out.
  public var latentSize: Int?
  /// Weights of a norm on that latent vector (0 if none).
  public var latentNormParameters: Int

  /// A mixture from its parts; the optional features default to absent.
  public init(
    experts: Int, expertsPerToken: Int, expertIntermediateSize: Int, sharedExpertIntermediateSize: Int = 0,
    gated: Bool = true, routerBias: Bool = false, expertBias: Bool = false, sharedExpertGate: Bool = false,
    latentSize: Int? = nil, latentNormParameters: Int = 0
  ) {
    self.experts = experts
    self.expertsPerToken = expertsPerToken
    self.expertIntermediateSize = expertIntermediateSize
    self.sharedExpertIntermediateSize = sharedExpertIntermediateSize
    self.gated = gated
    self.routerBias = routerBias
    self.expertBias = expertBias
    self.sharedExpertGate = sharedExpertGate
    self.latentSize = latentSize
    self.latentNormParameters = latentNormParameters
  }

  /// Matrices per expert: 3 gated, else 2.
  public var matricesPerExpert: Int { gated ? 3 : 2 }

  /// Parameters of one routed expert's matrices: (2 or 3)·(hidden or latent size)·I.
  public func parametersPerExpert(hiddenSize: Int) -> Int {
    matricesPerExpert * (latentSize ?? hiddenSize) * expertIntermediateSize
  }

  /// All parameters of one layer, for hidden size H.
  ///
  /// Router H·E; shared experts (2 or 3)·H·S; latent projections 2·H·L; biases in `other`.
  public func parameters(hiddenSize: Int) -> ParameterCounts { counts(hiddenSize: hiddenSize, used: experts) }

  /// Parameters of one layer that one token uses.
  public func activeParameters(hiddenSize: Int) -> ParameterCounts {
    counts(hiddenSize: hiddenSize, used: expertsPerToken)
  }

  private func counts(hiddenSize: Int, used: Int) -> ParameterCounts {
    let biases =
      expertBias ? (matricesPerExpert - 1) * expertIntermediateSize + (latentSize ?? hiddenSize) : 0
    return ParameterCounts(
      feedForward: matricesPerExpert * hiddenSize * sharedExpertIntermediateSize
        + 2 * hiddenSize * (latentSize ?? 0),
      experts: used * parametersPerExpert(hiddenSize: hiddenSize),
      router: hiddenSize * experts + (sharedExpertGate ? hiddenSize : 0),
      other: (routerBias ? experts : 0) + used * biases + latentNormParameters)
  }
}
