import CostModel
import Documents
import Hardware
import Quantities
import Simulation

/// How long a replica takes to start, as stated.
struct StartDraft {
  var seconds: Double
  /// Bandwidth at which each accelerator loads its weights; nil: the time includes that.
  var bandwidth: BytesPerSecond?

  /// Until a replica of a design serves.
  func seconds(_ design: ReplicaDesign) -> Double {
    seconds + (bandwidth.map { design.memory.weightBytes / $0.si } ?? 0)
  }
}

/// `autoscale:` as stated.
struct AutoscaleDraft {
  let field: Field
  let initial: Int?
  let minimum: Int
  let signal: ScalingSignal
  let intervalSeconds: Double
  let start: StartDraft
  let stabilisationSeconds: Double

  /// The rule for a pool of at most `most` replicas; nil where it asks for more.
  func resolved(most: Int, _ design: ReplicaDesign) -> Autoscaling? {
    let initial = initial ?? minimum
    guard initial >= minimum, initial <= most else {
      field.refuse(
        "\(initial) replicas at the start, \(minimum) at least, of \(most)",
        allowed: "min <= initial <= replicas")
      return nil
    }
    return Autoscaling(
      initial: initial, minimum: minimum, signal: signal, intervalSeconds: intervalSeconds,
      startSeconds: start.seconds(design), stabilisationSeconds: stabilisationSeconds)
  }
}

/// `planner:` as stated.
struct PlannerDraft {
  let field: Field
  let timeToFirstToken: Double
  let timePerOutputToken: Double
  let slack: Double
  let intervalSeconds: Double
  let start: StartDraft
  let initial: PoolSizes
}

/// How the replicas in service change, as stated.
struct FleetDraft {
  var autoscale: AutoscaleDraft?
  var prefillAutoscale: AutoscaleDraft?
  var planner: PlannerDraft?
  var update: (at: Double, atOnce: Int, start: StartDraft)?

  var isEmpty: Bool { autoscale == nil && prefillAutoscale == nil && planner == nil && update == nil }
}

/// Reads `autoscale:`, `planner:` and `update:`.
struct FleetReader {
  private static let times = Seconds(si: 1e-3)...Seconds(si: 1e7)

  func autoscale(_ field: Field) -> AutoscaleDraft? {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    let initialField = reader.optional("initial")
    let initial = initialField.int(in: 1...1_000_000)
    let minimum = reader.optional("min").int(in: 1...1_000_000)
    let signal = signal(reader.required("target"))
    let interval = reader.optional("every").quantity(Seconds.self, in: Self.times)
    let start = start(reader.required("start"))
    let stabilisation = reader.optional("stabilisation").quantity(
      Seconds.self, in: Seconds(si: 0)...Seconds(si: 1e7))
    reader.finish()
    guard let signal, let start else { return nil }
    return AutoscaleDraft(
      field: field, initial: initial, minimum: minimum ?? 1, signal: signal,
      intervalSeconds: interval?.si ?? 15, start: start, stabilisationSeconds: stabilisation?.si ?? 300)
  }

  private func signal(_ field: Field) -> ScalingSignal? {
    guard var reader = field.mapping() else { return nil }
    var signals: [ScalingSignal] = []
    if let share = reader.optional("utilisation").share() { signals.append(.utilisation(share)) }
    if let queue = reader.optional("queue").double(in: 1e-3...1e6) { signals.append(.queue(queue)) }
    if let limit = reader.optional("ttft_p90").quantity(Seconds.self, in: Self.times) {
      signals.append(.timeToFirstToken(seconds: limit.si))
    }
    let tpot = reader.optional("tpot_p90")
    if let limit = tpot.quantity(Seconds.self, in: Seconds(si: 1e-6)...Seconds(si: 1e4)) {
      signals.append(.timePerOutputToken(seconds: limit.si))
    }
    reader.finish()
    guard signals.count == 1 else {
      field.refuse(
        "one signal is followed, this states \(signals.count)",
        allowed: "utilisation, queue, ttft_p90 or tpot_p90")
      return nil
    }
    return signals[0]
  }

  /// A time, or `{ provision: …, bandwidth: … }`.
  func start(_ field: Field) -> StartDraft? {
    let range = Seconds(si: 0)...Seconds(si: 1e7)
    guard field.node?.scalar == nil else {
      return field.quantity(Seconds.self, in: range).map { StartDraft(seconds: $0.si) }
    }
    guard var reader = field.mapping() else { return nil }
    let provision = reader.required("provision").quantity(Seconds.self, in: range)
    let bandwidth = reader.required("bandwidth").quantity(BytesPerSecond.self, above: BytesPerSecond(si: 0))
    reader.finish()
    guard let provision, let bandwidth else { return nil }
    return StartDraft(seconds: provision.si, bandwidth: bandwidth)
  }

  func update(_ field: Field) -> (at: Double, atOnce: Int, start: StartDraft)? {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    let at = reader.required("at").quantity(Seconds.self, in: Seconds(si: 0)...Seconds(si: 1e10))
    let atOnce = reader.optional("at_once").int(in: 1...1_000_000) ?? 1
    let start = start(reader.required("start"))
    reader.finish()
    guard let at, let start else { return nil }
    return (at.si, atOnce, start)
  }

  func planner(_ field: Field) -> PlannerDraft? {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    let ttft = reader.required("ttft_p90").quantity(Seconds.self, in: Self.times)
    let tpot = reader.required("tpot_p90").quantity(Seconds.self, in: Seconds(si: 1e-6)...Seconds(si: 1e4))
    let slack = reader.optional("slack").share() ?? 0.8
    let interval = reader.optional("every").quantity(Seconds.self, in: Self.times)
    let start = start(reader.required("start"))
    let initial = reader.required("initial")
    var counts: (Int?, Int?) = (nil, nil)
    if var pools = initial.mapping() {
      counts = (
        pools.required("prefill").int(in: 1...1_000_000), pools.required("decode").int(in: 1...1_000_000)
      )
      pools.finish()
    }
    reader.finish()
    guard let ttft, let tpot, let start, let prefill = counts.0, let decode = counts.1 else { return nil }
    return PlannerDraft(
      field: field, timeToFirstToken: ttft.si, timePerOutputToken: tpot.si, slack: slack,
      intervalSeconds: interval?.si ?? 30, start: start, initial: PoolSizes(prefill: prefill, decode: decode))
  }
}

extension ScenarioResolver {
  /// Settles how the replicas of a deployment change, once it has its places.
  func settleFleet(_ item: inout DesignedDeployment, _ draft: FleetDraft) {
    guard !draft.isEmpty, item.replicas > 0 else { return }
    var plan = FleetPlan()
    plan.autoscaling = draft.autoscale?.resolved(most: item.replicas, item.design)
    if let prefill = item.prefill {
      plan.prefillAutoscaling = draft.prefillAutoscale?.resolved(most: prefill.replicas, prefill.design)
    }
    plan.update = draft.update.map {
      RollingUpdate(startSeconds: $0.at, atOnce: $0.atOnce, restartSeconds: $0.start.seconds(item.design))
    }
    if let planner = draft.planner, let prefill = item.prefill {
      if draft.autoscale != nil || draft.prefillAutoscale != nil {
        planner.field.refuse("the planner sets both pools' sizes, and one of them states autoscale")
      }
      if item.faults != nil || prefill.handOff.network != nil {
        planner.field.refuse(
          "replicas that change their role stand nowhere for good",
          hint: "leave out faults and hand_off.network")
      }
      if prefill.design.system.id != item.design.system.id {
        planner.field.refuse(
          "no accelerator goes from \(prefill.design.system.id) to \(item.design.system.id)",
          hint: "let each pool autoscale")
      }
      guard planner.initial.prefill <= prefill.replicas, planner.initial.decode <= item.replicas else {
        planner.field.refuse(
          "more replicas at the start than the pools have at most",
          allowed: "up to \(prefill.replicas) prefill and \(item.replicas) decode replicas")
        return
      }
      plan.planner = PoolPlanner(
        timeToFirstTokenSeconds: planner.timeToFirstToken,
        timePerOutputTokenSeconds: planner.timePerOutputToken, slack: planner.slack,
        intervalSeconds: planner.intervalSeconds,
        startSeconds: max(planner.start.seconds(item.design), planner.start.seconds(prefill.design)),
        initial: planner.initial)
    }
    item.fleet = plan
  }
}

extension Echo {
  /// How the replicas in service change.
  static func echo(_ plan: FleetPlan) -> JSONValue {
    var members: [(String, JSONValue)] = []
    if let rule = plan.autoscaling { members.append(("autoscale", echo(rule))) }
    if let rule = plan.prefillAutoscaling { members.append(("prefill_autoscale", echo(rule))) }
    if let planner = plan.planner {
      members.append(
        (
          "planner",
          .object([
            ("ttft_p90_seconds", .double(planner.timeToFirstTokenSeconds)),
            ("tpot_p90_seconds", .double(planner.timePerOutputTokenSeconds)),
            ("slack", .double(planner.slack)), ("every_seconds", .double(planner.intervalSeconds)),
            ("start_seconds", .double(planner.startSeconds)),
            ("initial_prefill", .int(planner.initial.prefill)),
            ("initial_decode", .int(planner.initial.decode)),
          ])
        ))
    }
    if let update = plan.update {
      members.append(
        (
          "update",
          .object([
            ("at_seconds", .double(update.startSeconds)), ("at_once", .int(update.atOnce)),
            ("start_seconds", .double(update.restartSeconds)),
          ])
        ))
    }
    return .object(members)
  }

  private static func echo(_ rule: Autoscaling) -> JSONValue {
    let (name, target): (String, Double) =
      switch rule.signal {
      case .utilisation(let value): ("utilisation", value)
      case .queue(let value): ("queue", value)
      case .timeToFirstToken(let value): ("ttft_p90_seconds", value)
      case .timePerOutputToken(let value): ("tpot_p90_seconds", value)
      }
    return .object([
      ("initial", .int(rule.initial)), ("min", .int(rule.minimum)),
      ("target", .object([(name, .double(target))])), ("every_seconds", .double(rule.intervalSeconds)),
      ("start_seconds", .double(rule.startSeconds)),
      ("stabilisation_seconds", .double(rule.stabilisationSeconds)),
    ])
  }
}
