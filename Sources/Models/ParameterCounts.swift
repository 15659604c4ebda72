/// Numbers of parameters by the part of the model that holds them.
public struct ParameterCounts: Sendable, Equatable {
  /// The token table, and the learned position table.
  public var embedding: Int
  /// The language-model head's own matrix; 0 where it is tied to the embedding.
  public var languageModelHead: Int
  /// Matrices of attention and linear attention.
  public var attention: Int
  /// Matrices of dense feed-forward layers, shared experts and the projections around latent experts.
  public var feedForward: Int
  /// Matrices of routed experts.
  public var experts: Int
  /// Router matrices and shared-expert gates.
  public var router: Int
  /// Norms, biases, convolutions, sinks, recurrence parameters: no matrix products.
  public var other: Int

  /// Counts from their parts; what is left out is 0.
  public init(
    embedding: Int = 0, languageModelHead: Int = 0, attention: Int = 0, feedForward: Int = 0,
    experts: Int = 0, router: Int = 0, other: Int = 0
  ) {
    self.embedding = embedding
    self.languageModelHead = languageModelHead
    self.attention = attention
    self.feedForward = feedForward
    self.experts = experts
    self.router = router
    self.other = other
  }

  /// The sum of all parts.
  public var total: Int {
    embedding + languageModelHead + attention + feedForward + experts + router + other
  }

  /// The parameters of one part.
  public subscript(part: Precision.Part) -> Int {
    switch part {
    case .attention: attention
    case .feedForward: feedForward
    case .experts: experts
    case .router: router
    case .languageModelHead: languageModelHead
    case .embedding: embedding
    case .other: other
    }
  }

  /// Bytes of these parameters: Σ over parts of parameters × bytes per element of the part's format.
  public func bytes(precision: Precision) -> Double {
    Precision.Part.allCases.reduce(0) { sum, part in
      sum + Double(self[part]) * precision.weightType(of: part).bytesPerElement
    }
  }

  /// Part by part sum.
  public static func + (a: ParameterCounts, b: ParameterCounts) -> ParameterCounts {
    ParameterCounts(
      embedding: a.embedding + b.embedding, languageModelHead: a.languageModelHead + b.languageModelHead,
      attention: a.attention + b.attention, feedForward: a.feedForward + b.feedForward,
      experts: a.experts + b.experts, router: a.router + b.router, other: a.other + b.other)
  }

  /// Every part times a number of layers.
  public static func * (count: Int, a: ParameterCounts) -> ParameterCounts {
    ParameterCounts(
      embedding: count * a.embedding, languageModelHead: count * a.languageModelHead,
      attention: count * a.attention, feedForward: count * a.feedForward, experts: count * a.experts,
      router: count * a.router, other: count * a.other)
  }
}
