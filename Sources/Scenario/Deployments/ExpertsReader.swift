import CostModel
import Documents
import Models
import Workload

/// What `experts:` states: how tokens come to experts, and where those are.
struct ExpertsDraft {
  /// The names of routing laws.
  enum Routing: String, CaseIterable {
    /// As calibrated costs hold it.
    case calibrated
    case balanced
    case powerLaw = "power-law"
    case aiconfigurator
  }

  /// What a step's loads are.
  enum Draws: String, CaseIterable {
    /// Their mean.
    case mean
    /// Drawn for each step.
    case perStep = "per-step"
  }

  var routing = Routing.calibrated
  var exponent = 0.0
  var redundantExperts = 0
  var placement = PlacementPolicy.fixed
  var draws = Draws.mean
  /// Where it is stated; nil for the defaults.
  var field: Field?

  /// The law that tokens follow; nil: as calibrated.
  var law: RoutingLaw? {
    switch routing {
    case .calibrated: nil
    case .balanced: .balanced
    case .powerLaw: .powerLaw(exponent: exponent)
    case .aiconfigurator: .table(exponent: exponent)
    }
  }

  var echo: JSONValue {
    var members: [(String, JSONValue)] = [("routing", .string(routing.rawValue))]
    if routing == .powerLaw || routing == .aiconfigurator { members.append(("exponent", .double(exponent))) }
    guard law != nil else { return .object(members) }
    return .object(
      members + [
        ("redundant_experts", .int(redundantExperts)), ("placement", .string(placement.rawValue)),
        ("draws", .string(draws.rawValue)),
      ])
  }
}

/// Reads `experts:` of a deployment or pool.
struct ExpertsReader {
  /// The draft; nil where nothing is stated.
  func read(_ field: Field) -> ExpertsDraft? {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    var draft = ExpertsDraft(field: field)
    draft.routing = reader.optional("routing").choice(ExpertsDraft.Routing.self) ?? .calibrated
    let exponent = reader.optional("exponent")
    let redundant = reader.optional("redundant_experts")
    let placement = reader.optional("placement")
    let draws = reader.optional("draws")
    reader.finish()
    if draft.routing == .calibrated {
      for other in [exponent, redundant, placement, draws] {
        other.refuse(
          "what calibrated costs hold of loads can't be told apart",
          allowed: "with routing: balanced, power-law or aiconfigurator")
      }
      return draft
    }
    switch draft.routing {
    case .powerLaw:
      draft.exponent = exponent.double(in: 0...3) ?? 0
      if !exponent.isPresent { field.refuse("a power law has an exponent", allowed: "exponent: 0 to 3") }
    case .aiconfigurator: draft.exponent = exponent.double(in: 0...3) ?? 1.2
    case .balanced, .calibrated:
      exponent.refuse("balanced choices have no exponent", hint: "leave it out, or choose power-law")
    }
    draft.redundantExperts = redundant.int(in: 0...65_536) ?? 0
    draft.placement =
      placement.choice(PlacementPolicy.self) ?? (draft.redundantExperts > 0 ? .byLoad : .fixed)
    if draft.redundantExperts > 0, draft.placement == .fixed {
      placement.reject("which experts to copy is known by their load", allowed: "by-load")
      draft.placement = .byLoad
    }
    draft.draws = draws.choice(ExpertsDraft.Draws.self) ?? .mean
    return draft
  }

  /// Who shares requests out among attention groups.
  func balance(_ field: Field) -> GroupAssignment { field.choice(GroupAssignment.self) ?? .even }
}

extension ExpertsDraft {
  /// Gives a design, which has no problems, the loads of its busiest expert rank in steps of up to `tokens`.
  func apply(to design: inout ReplicaDesign, tokens: Int) {
    guard let law else { return }
    let ranks = design.parallel.expert
    let knots = LoadCurve.knots(upTo: tokens)
    design.drawsExpertLoads = draws == .perStep
    design.expertLoads = design.mixtures.map { mixture in
      func busiest(_ law: RoutingLaw, _ redundant: Int, _ placement: PlacementPolicy) -> [BusiestRank] {
        ExpertRouting(
          experts: mixture.experts, perToken: mixture.expertsPerToken, ranks: ranks, law: law,
          redundantExperts: redundant, placement: placement
        ).busiestRank(tokens: knots)
      }
      let loads = busiest(law, redundantExperts, placement)
      // Kernels were measured under a power law without copies, exchanges with choices at random.
      let isMeasured = law == .measured && redundantExperts == 0 && placement == .fixed
      let kernels = isMeasured ? loads : busiest(.measured, 0, .fixed)
      // Without attention groups nothing is exchanged, and any loads will do.
      let exchanges = design.parallel.attentionData > 1 ? busiest(.balanced, 0, .fixed) : loads
      func ratio(_ path: KeyPath<BusiestRank, BusiestRank.Load>, to other: [BusiestRank]) -> ExpertLoads.Ratio
      {
        ExpertLoads.Ratio(
          mean: LoadCurve(
            knots: knots,
            values: zip(loads, other).map { $0[keyPath: path].mean / $1[keyPath: path].mean }),
          deviation: LoadCurve(
            knots: knots,
            values: zip(loads, other).map { $0[keyPath: path].deviation / $1[keyPath: path].mean }))
      }
      return ExpertLoads(
        experts: mixture.experts, perToken: mixture.expertsPerToken, tokens: ratio(\.tokens, to: kernels),
        touched: ratio(\.touched, to: kernels), received: ratio(\.received, to: exchanges))
    }
  }
}

extension GroupAssignment {
  /// Gives a design the loads of its busiest attention group with up to `sequences` requests of these streams.
  func apply(to design: inout ReplicaDesign, sequences: Int, streams: [DesignedStream]) {
    let groups = design.parallel.attentionData
    guard self != .even, groups > 1, design.model.transformer != nil else { return }
    let knots = LoadCurve.knots(upTo: sequences)
    let busiest = BusiestGroup.of(
      sequences: knots, groups: groups, assignment: self, contextVariation: DesignedStream.variation(streams))
    design.groupLoads = GroupLoads(
      sequences: LoadCurve(knots: knots, values: busiest.map(\.sequences)),
      context: LoadCurve(knots: knots, values: busiest.map(\.context)))
  }
}

extension DesignedStream {
  /// Requests of a stream that its contexts are judged by.
  private static let sample: UInt64 = 2000

  /// Standard deviation / mean of the context of a decoding request, at any time of its answer.
  ///
  /// A request is seen as long as its answer takes: with weight o at i + u·o for prompt i, answer o, u uniform in 0…1.
  static func variation(_ streams: [DesignedStream]) -> Double {
    var moments = SIMD3<Double>.zero
    for stream in streams {
      let system = Double(stream.draft.prompts.systemTokens)
      for number in 0..<sample {
        let lengths = stream.lengths.lengths.lengths(ofRequest: number)
        let input = Double(lengths.input) + system
        let output = Double(lengths.output)
        let square = input * input + input * output + output * output / 3
        moments += SIMD3(1, input + output / 2, square) * output
      }
    }
    let mean = moments[1] / moments[0]
    return max(0, moments[2] / moments[0] - mean * mean).squareRoot() / mean
  }
}
