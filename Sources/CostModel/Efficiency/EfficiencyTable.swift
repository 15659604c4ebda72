import Models

/// The classes of operators that share an efficiency.
public enum OperatorClass: String, Sendable, CaseIterable {
  /// Dense matrix products; efficiencies differ by the type that is multiplied.
  case gemm
  /// Grouped matrix products of routed experts.
  case experts
  /// Attention over prompt chunks.
  case prefillAttention = "prefill_attention"
  /// Attention of decoding sequences over their cached context.
  case decodeAttention = "decode_attention"
  /// Scores and choice of a dynamic sparse attention's selector.
  case sparseIndexer = "sparse_indexer"
  /// State updates of linear-attention layers.
  case linearAttention = "linear_attention"
  /// Norms, activations, rotary embedding, quantisation, cache writes, sampling.
  case elementwise
  /// A pass of a diffusion model's denoiser, encoder or decoder.
  case diffusion
}

/// What one operator class reaches of the hardware's peaks: efficiency = time at peak rate / measured time.
public struct OperatorEfficiency: Sendable, Equatable {
  /// Share of the dense peak, in (0, 1].
  public var compute: Double
  /// Share of the memory bandwidth on weights and cached context, in (0, 1].
  public var memory: Double
  /// Share of the memory bandwidth on activations, in (0, 1].
  public var activation: Double
  /// Exponent p of the smooth maximum: the larger, the sharper the corner of the roofline; >= 1.
  public var sharpness: Double
  /// Seconds of one launch.
  public var launchSeconds: Double

  /// An efficiency from its numbers; see the properties for ranges.
  public init(compute: Double, memory: Double, activation: Double, sharpness: Double, launchSeconds: Double) {
    self.compute = compute
    self.memory = memory
    self.activation = activation
    self.sharpness = sharpness
    self.launchSeconds = launchSeconds
  }
}

/// An exchange between accelerators: seconds a phase, and the share of the link's bandwidth that it reaches.
public struct LinkEfficiency: Sendable, Equatable {
  /// Seconds of latency a phase.
  public var latencySeconds: Double
  /// Share of the unidirectional bandwidth, in (0, 1].
  public var bandwidth: Double
}

/// The efficiencies that a cost model is built from: priors now, calibration in the same place later.
public struct EfficiencyTable: Sendable {
  /// Dense matrix products by multiplied type.
  public var gemm: [ComputeType: OperatorEfficiency]
  /// Every other class.
  public var others: [OperatorClass: OperatorEfficiency]
  /// Links inside a scale-up domain.
  public var scaleUp: LinkEfficiency
  /// Links beyond it.
  public var scaleOut: LinkEfficiency
  /// Frameworks.
  public var frameworks: [Framework: FrameworkOverhead]
  /// Their part in handing requests from prefill to decode workers.
  public var handOffs: [Framework: HandOffOverhead] = [:]
  /// Tokens on their way to experts and back, by framework.
  public var expertExchanges: [Framework: ExpertExchangeCosts] = [:]
  /// The same for the framework that the table was resolved for.
  private(set) var expertExchange = ExpertExchangeCosts(
    dispatchSeconds: 0, combineSeconds: 0, bandwidth: 1)
  /// Tokens on their way to experts in other scale-up domains, beyond that inside one.
  public var networkExpertExchange = NetworkExpertExchange(
    copyPerExpert: .init(seconds: 0, bandwidth: 1), copyPerDomain: .init(seconds: 0, bandwidth: 1))
  /// A KV cache on its way from one replica to another: seconds a request, share of the scale-out link.
  public var cacheTransfer = LinkEfficiency(latencySeconds: 0, bandwidth: 1)
  /// Bytes an accelerator that are neither weights nor KV cache nor activations.
  public var runtimeBytes: Double
  /// Seconds that a sort of logits takes for each of them.
  public var sortSecondsPerKey = 0.0
  /// Power of kernels on the accelerator that the table was resolved for.
  private(set) var power = PowerCoefficients(
    gemm: KernelPower(busy: 0, compute: 0, memory: 0), launch: 0, host: 0, exchange: 0, sort: 0, limit: 1)
  /// The same by system or architecture; `other` for those that no list names.
  public var powers: [String: PowerCoefficients] = [:]
  /// What architectures without measured kernels take, by architecture.
  public var transfers: [String: Transfer] = [:]
  /// Surfaces fitted to measured kernels; they take the place of the priors where they fit.
  public var calibration = Calibration(provenance: [], surfaces: [])
  /// Overheads fitted to end-to-end runs; they take the place of the frameworks' priors where they fit.
  public var overheads = OverheadTable.empty
  /// How far measured runs lie from predictions.
  public var intervals = PredictionIntervals.none
  /// The surfaces for the framework and generation that the table was resolved for, by operator and format.
  var selected: [String: OperatorSurface] = [:]

  /// The table as it holds for one framework, in a version where that is known, on one generation of accelerators.
  func resolved(
    framework: Framework, version: FrameworkVersion? = nil, architecture: String, system: String = ""
  ) -> EfficiencyTable {
    var table = self
    let source = transfers[architecture]?.source
    let power = powers[system] ?? powers[architecture] ?? source.flatMap { powers[$0] } ?? powers["other"]
    table.power = power ?? table.power
    table.expertExchange = expertExchanges[framework] ?? expertExchange
    let transfer = transfer(to: architecture)
    table.selected = calibration.surfaces(
      framework: framework.rawValue, version: version, architecture: architecture,
      transferredFrom: transfer?.source)
    return transfer.map { table.applying($0) } ?? table
  }

  /// The surface of a class of operators for operands of a format.
  func surface(_ operatorClass: OperatorClass, format: String, type: ComputeType) -> OperatorSurface {
    let key = operatorClass.rawValue + "|"
    if let found = selected[key + format] { return found }
    if let nearest = KernelFormat.nearest[format], var found = selected[key + nearest] {
      found.provenance = max(found.provenance, .transferred)
      return found
    }
    return OperatorSurface(efficiency: efficiency(operatorClass, type: type))
  }

  /// The measured surface of an exchange; nil where none was.
  func exchangeSurface(_ operation: String) -> OperatorSurface? { selected[operation + "|"] }

  /// The efficiency of a class; `type` matters for ``OperatorClass/gemm`` only.
  public func efficiency(_ operatorClass: OperatorClass, type: ComputeType = .bf16) -> OperatorEfficiency {
    let found = operatorClass == .gemm ? gemm[type] : others[operatorClass]
    guard let found else { preconditionFailure("no efficiency for \(operatorClass) in \(type)") }
    return found
  }

  /// The prior overhead of a framework.
  public func overhead(of framework: Framework) -> FrameworkOverhead {
    guard let found = frameworks[framework] else { preconditionFailure("no overhead for \(framework)") }
    return found
  }
}
