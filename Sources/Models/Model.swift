/// A model that a deployment serves: what it is made of, where that is known from, and what isn't modelled.
public struct Model: Sendable, Equatable {
  /// Name in the catalogue, or the name that the user gave.
  public var id: String
  /// Name for people.
  public var name: String
  /// Where the shapes come from.
  public var source: String
  /// What the model computes.
  public var kind: Kind
  /// Features that an ordinary simulated transformer lacks, by name; empty = there are none.
  ///
  /// Each is either left out of the shapes here (unknown keys, residual variants) or counted in parameters,
  /// cache and FLOPs but run by kernels of its own (dynamic sparse attention). Whoever predicts time must
  /// refuse the model or say so.
  public var unsupportedFeatures: [String]
  /// What a reader of results should know and that doesn't make them wrong (a vision tower left out…).
  public var notes: [String]
  /// The formats that the model is published in.
  public var nativePrecision: Precision

  /// The kinds of model.
  public enum Kind: Sendable, Equatable {
    /// A language model that emits one token after another.
    case transformer(Transformer)
    /// An image model that denoises in a fixed number of steps.
    case diffusion(Diffusion)
  }

  /// A model from its parts.
  public init(
    id: String, name: String, source: String, kind: Kind, unsupportedFeatures: [String] = [],
    notes: [String] = [], nativePrecision: Precision = .bf16
  ) {
    self.id = id
    self.name = name
    self.source = source
    self.kind = kind
    self.unsupportedFeatures = unsupportedFeatures
    self.notes = notes
    self.nativePrecision = nativePrecision
  }

  /// The transformer, where the model is one.
  public var transformer: Transformer? {
    if case .transformer(let transformer) = kind { transformer } else { nil }
  }

  /// The diffusion model, where the model is one.
  public var diffusion: Diffusion? {
    if case .diffusion(let diffusion) = kind { diffusion } else { nil }
  }

  /// All parameters of the main model (multi-token-prediction layers are not counted).
  public var parameterCount: Int {
    switch kind {
    case .transformer(let transformer): transformer.parameterCount
    case .diffusion(let diffusion): diffusion.parameterCount
    }
  }

  /// Parameters that one token (one denoising step of one image) uses.
  public var activeParameterCount: Int {
    switch kind {
    case .transformer(let transformer): transformer.activeParameterCount
    case .diffusion(let diffusion): diffusion.parameterCount
    }
  }

  /// Bytes that all weights of the main model take.
  public func weightBytes(precision: Precision) -> Double {
    switch kind {
    case .transformer(let transformer): transformer.weightBytes(precision: precision)
    case .diffusion(let diffusion): diffusion.weightBytes(precision: precision)
    }
  }
}
