import Hardware
import Models
import Quantities

extension ReplicaDesign {
  /// Everything that keeps this design from being built, in the words of a scenario file; empty when it can be.
  public func problems() -> [DesignProblem] {
    model.unsupportedFeatures.map {
      DesignProblem(path: "model", found: model.id, message: "not modelled: \($0)")
    } + layoutProblems() + precisionProblems() + fabricProblems() + memoryProblems()
  }

  private func layoutProblems() -> [DesignProblem] {
    guard let transformer = model.transformer else { return [] }
    var problems: [DesignProblem] = []
    func demand(_ path: String, _ value: Int, divides count: Int, _ what: String) {
      guard count % value != 0 else { return }
      let divisors = (1...max(count, 1)).filter { count % $0 == 0 && $0 <= 1024 }.map(String.init)
      let problem = DesignProblem(
        path: path, found: "\(value)", message: "does not divide the \(count) \(what) of \(model.id)",
        allowed: divisors.joined(separator: ", "))
      if !problems.contains(problem) { problems.append(problem) }
    }
    for group in transformer.layers {
      switch group.attention {
      case .groupedQuery(let attention):
        demand("parallel.tensor", parallel.tensor, divides: attention.queryHeads, "query heads")
        let keyValueHeads = attention.keyValueHeads
        if keyValueHeads % parallel.tensor != 0 && parallel.tensor % keyValueHeads != 0 {
          problems.append(
            DesignProblem(
              path: "parallel.tensor", found: "\(parallel.tensor)",
              message:
                "neither divides the \(keyValueHeads) key-value heads of \(model.id) nor is a multiple of them"
            ))
        }
      case .latent(let attention):
        demand("parallel.tensor", parallel.tensor, divides: attention.heads, "attention heads")
      case .linear(let attention):
        demand("parallel.tensor", parallel.tensor, divides: attention.valueHeads, "value heads")
      case .compressed(let attention):
        demand("parallel.tensor", parallel.tensor, divides: attention.heads, "attention heads")
      case .none: break
      }
      if case .mixtureOfExperts(let mixture) = group.feedForward {
        if redundantExperts == 0 {
          demand("parallel.expert", parallel.expert, divides: mixture.experts, "experts")
        } else if (mixture.experts + redundantExperts) % parallel.expert != 0 {
          problems.append(redundancyProblem(mixture))
        }
      }
    }
    if parallel.expert > 1 && !transformer.isMixtureOfExperts {
      problems.append(
        DesignProblem(
          path: "parallel.expert", found: "\(parallel.expert)", message: "\(model.id) has no experts",
          allowed: "1"))
    } else if parallel.acceleratorsPerStage % parallel.expert != 0 {
      problems.append(
        DesignProblem(
          path: "parallel.expert", found: "\(parallel.expert)",
          message: "does not divide tensor x attention_data = \(parallel.acceleratorsPerStage)"))
    }
    if parallel.pipeline > transformer.layerCount {
      problems.append(
        DesignProblem(
          path: "parallel.pipeline", found: "\(parallel.pipeline)",
          message: "more stages than the \(transformer.layerCount) layers of \(model.id)"))
    }
    return unique(problems)
  }

  /// Ranks must hold as many experts each.
  private func redundancyProblem(_ mixture: MixtureOfExperts) -> DesignProblem {
    let ranks = parallel.expert
    let least = (ranks - mixture.experts % ranks) % ranks
    let fitting = (0..<3).map { "\(least + $0 * ranks)" }.joined(separator: ", ")
    return DesignProblem(
      path: "experts.redundant_experts", found: "\(redundantExperts)",
      message:
        "with the \(mixture.experts) experts of \(model.id) they can't be shared by \(ranks) accelerators",
      allowed: "\(fitting), …")
  }

  private func unique(_ problems: [DesignProblem]) -> [DesignProblem] {
    problems.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  private func precisionProblems() -> [DesignProblem] {
    let parts: [Precision.Part] =
      model.transformer?.isMixtureOfExperts == true
      ? [.attention, .feedForward, .experts] : [.attention, .feedForward]
    var problems: [DesignProblem] = []
    for part in parts {
      let type = precision.computeType(of: part)
      guard roofline.peak(type) == nil else { continue }
      let native = Models.ComputeType.allCases.filter { roofline.peak($0) != nil }.map(\.rawValue)
      problems.append(
        DesignProblem(
          path: "precision.activations", found: precision.activations.rawValue,
          message: "\(system.name) does not multiply \(type.rawValue)",
          allowed: "formats that multiply as \(native.joined(separator: ", "))"))
    }
    return unique(problems)
  }

  private func fabricProblems() -> [DesignProblem] {
    let joined = system.scaleUp.topology == .none ? 1 : system.scaleUp.worldSize
    let domain = max(joined, system.node.accelerators)
    guard parallel.acceleratorsPerStage > domain else { return [] }
    guard parallel.acceleratorsPerStage % domain == 0 else {
      return [
        DesignProblem(
          path: "parallel", found: "\(parallel.acceleratorsPerStage) accelerators a stage",
          message: "more than the scale-up domain of \(system.name) joins, and no whole number of them",
          allowed: "at most \(domain), or a multiple of it")
      ]
    }
    func straddling(_ path: String, _ size: Int) -> DesignProblem? {
      guard size % domain != 0, domain % size != 0 else { return nil }
      return DesignProblem(
        path: path, found: "\(size)",
        message: "a group would stand across scale-up domains of \(domain) unevenly",
        allowed: "a divisor of \(domain), or a multiple of it")
    }
    return [
      straddling("parallel.tensor", parallel.tensor), straddling("parallel.expert", parallel.expert),
    ].compactMap { $0 }
  }

  private func memoryProblems() -> [DesignProblem] {
    let budget = memory
    guard budget.weightBytes + budget.runtimeBytes > budget.deviceBytes else { return [] }
    return [
      DesignProblem(
        path: "model", found: model.id,
        message: "does not fit: each accelerator would hold \(Bytes(si: budget.weightBytes)) of weights and "
          + "\(Bytes(si: budget.runtimeBytes)) of runtime in \(Bytes(si: budget.deviceBytes))",
        allowed: "more accelerators a replica (parallel), or narrower weights (precision)")
    ]
  }
}
