import Models

extension ReplicaDesign {
  /// What the cost of an operator rests on: the weakest of the surfaces that the operator's kernels use.
  public func provenance(of lane: CostLane) -> Provenance {
    switch lane {
    case .gemm:
      return max(
        provenance(.gemm, part: .attention), provenance(.gemm, part: .feedForward))
    case .logits:
      return provenance(.gemm, part: .languageModelHead)
    case .experts:
      return provenance(.experts, part: .experts)
    case .prefillAttention:
      return attention(.prefillAttention)
    case .decodeAttention:
      return attention(.decodeAttention)
    case .collective:
      return efficiencies.exchangeSurface("all_reduce")?.provenance == .measured ? .measured : .prior
    default:
      return .prior
    }
  }

  /// Seconds of `cost` by what they rest on.
  public func secondsByProvenance(of cost: CostVector) -> [Provenance: Double] {
    var seconds: [Provenance: Double] = [:]
    for lane in CostLane.operators { seconds[provenance(of: lane), default: 0] += cost[lane] }
    return seconds
  }

  private func provenance(_ operatorClass: OperatorClass, part: Precision.Part) -> Provenance {
    let weights = precision.weightType(of: part)
    let activations = part == .languageModelHead ? DataType.bf16 : precision.activations
    let format = KernelFormat.name(weights: weights, activations: activations)
    let type = KernelFormat.computeType(weights: weights, activations: activations)
    return efficiencies.surface(operatorClass, format: format, type: type).provenance
  }

  private func attention(_ operatorClass: OperatorClass) -> Provenance {
    let latent =
      model.transformer?.layers.contains { if case .latent = $0.attention { true } else { false } } ?? false
    let format = KernelFormat.attention(latent: latent, cache: precision.keyValueCache)
    let attention = efficiencies.surface(operatorClass, format: format, type: .bf16).provenance
    guard layerOperators.contains(where: { $0.operators.indexKeyBytesPerToken > 0 }) else { return attention }
    return max(attention, efficiencies.surface(.sparseIndexer, format: "", type: .fp8).provenance)
  }
}
