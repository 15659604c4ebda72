import CostModel
import Results
import Scenario
import Simulation
import Workload

/// What an estimate leaves out of account, and how it settled what a scenario leaves open.
struct EstimateNotes {
  /// The notes, those on all deployments first.
  private(set) var lines: [String] = []

  init(_ scenario: ResolvedScenario, _ estimate: SteadyStateEstimate) {
    for (index, deployment) in scenario.deployments.enumerated() {
      let name = scenario.deployments.count > 1 ? "\(deployment.plan.name): " : ""
      let found =
        Self.ofArrivals(deployment.plan) + Self.ofEngine(deployment.plan)
        + Self.ofFleet(deployment.plan)
        + Self.ofOutcome(deployment.plan, estimate.mean.deployments[index], estimate.peak?.deployments[index])
      lines += found.map { name + $0 }
    }
    if let celsius = estimate.outdoorCelsius {
      lines.append(
        "site power is at the design temperature of \(Numbers.text(celsius)) °C; battery, limits of the draw and prices "
          + "by the hour are left out")
    }
    if scenario.run.horizon != nil {
      lines.append(
        "a steady state: filling at the start of the run and what is cut off at its end are left out")
    }
  }

  private static func ofArrivals(_ plan: DeploymentPlan) -> [String] {
    var notes: [String] = []
    let streams = plan.streams
    var kinds: [EstimatedLoad] = []
    for stream in streams {
      switch stream.arrivals {
      case .offline: kinds.append(.offline)
      case .closedLoop: kinds.append(.closedLoop)
      default: kinds.append(.open)
      }
      switch stream.arrivals {
      case .onOff:
        notes.append(
          "bursts longer than the queue's memory: see the estimate at the peak rate for what they do")
      case .trace: notes.append("a trace counts by its mean rate and by that of its busiest minute")
      case .diurnal:
        notes.append("a rate that changes counts by its mean and by its peak, each as a steady state")
      default: break
      }
      if stream.graph != nil { notes.append("requests that wait for others count as arrivals at random") }
      if stream.conversations != nil { notes.append("turns of conversations count as arrivals at random") }
    }
    if kinds.contains(.closedLoop) {
      notes.append(
        "a closed loop counts as if it ran for ever; clients that begin together stay together for some rounds, in which "
          + "prompts share steps and first tokens wait")
    }
    if kinds.contains(.offline), kinds.contains(where: { $0 != .offline }) {
      notes.append("requests that come beside an offline batch share its latencies: the replicas are full")
    } else if kinds.contains(.closedLoop), kinds.contains(.open) {
      notes.append("arrivals at random beside a closed loop do not make the batch vary")
    }
    for stream in streams {
      if stream.tenant.map({ plan.tenants.indices.contains($0) }) ?? false {
        notes.append("limits of tenants are left out: all of their requests count")
      }
      if stream.patience != nil { notes.append("clients that go away are left out: all of them wait") }
      if stream.deferral != nil { notes.append("requests that may wait for room count as all others") }
      if stream.priority != 0 { notes.append("priorities are left out: requests wait in order of arrival") }
      if stream.adapters != nil {
        notes.append("loads of adapters are left out: each is taken to be in place")
      }
    }
    if !plan.shedding.isEmpty { notes.append("shedding is left out: nothing is refused") }
    return unique(notes)
  }

  private static func ofEngine(_ plan: DeploymentPlan) -> [String] {
    var notes: [String] = []
    let engines = [plan.engine] + (plan.prefill.map { [$0.engine] } ?? [])
    if plan.prefixCache != nil || plan.streams.contains(where: { $0.repeatedPrompts != nil }) {
      let traced = plan.streams.contains { stream in
        stream.prompts != nil && stream.systemPrompts == nil && stream.conversations == nil
          && stream.samples == 1
      }
      notes.append(
        traced
          ? "what the prompts of a trace share is left out: nothing is found in prefix caches"
          : "prefix caches are taken to hold all that requests share, a conversation's on the replica of its turn "
            + "before: they are large enough and have been filled")
    }
    if engines.contains(where: { $0.maximumQueuedRequests != .max }) {
      notes.append("the limit of waiting requests is left out: nothing is refused")
    }
    if engines.contains(where: { $0.queueOrder != .firstCome }) {
      notes.append("the order of the queue is left out: requests wait in order of arrival")
    }
    if engines.contains(where: { $0.capacityPolicy == .currentUse && $0.outputEstimate == nil }) {
      notes.append(
        "preemption is left out, but for a full KV cache, which makes three quarters of all prompts be computed again"
      )
    }
    if engines.contains(where: { $0.receiveInterval > 1 }) {
      notes.append("the scheduler is taken to look for requests at each step")
    }
    if plan.cost.loadDeviation != nil || plan.cost.mixedLoadDeviation != nil {
      notes.append("loads of experts are at their mean in every step")
    }
    if let handOff = plan.prefill?.handOff {
      if handOff.network != nil {
        notes.append("links are taken to be free: no other traffic slows hand-offs down")
      }
      if handOff.localPrefillBelow > 0 {
        notes.append("all prompts go through the prefill pool, short ones too")
      }
    }
    return unique(notes)
  }

  private static func ofFleet(_ plan: DeploymentPlan) -> [String] {
    var notes: [String] = []
    if let fleet = plan.fleet {
      if fleet.autoscaling != nil || fleet.prefillAutoscaling != nil {
        notes.append("autoscaling is left out: all replicas serve, and draw power, all the time")
      }
      if fleet.planner != nil { notes.append("the planner is left out: pools are as large as at the start") }
      if fleet.update != nil { notes.append("the rolling update is left out") }
    }
    if plan.faults != nil { notes.append("faults are left out: everything works all the time") }
    if plan.loadReportSeconds > 0 || plan.cacheView.delaySeconds > 0 {
      notes.append("the router is taken to know loads and caches at once")
    }
    return notes
  }

  private static func ofOutcome(
    _ plan: DeploymentPlan, _ mean: DeploymentEstimate, _ peak: DeploymentEstimate?
  ) -> [String] {
    var notes: [String] = []
    if mean.isOverloaded {
      notes.append("more requests come than are done: latencies grow with the length of the run")
    } else if peak?.isOverloaded ?? false {
      notes.append("at the peak more requests come than are done: latencies grow as long as it lasts")
    }
    if mean.load == .offline {
      notes.append(
        "latencies are those of requests that begin one after the other; the last ones' lonely end is left out"
      )
    }
    if mean.cachedShare > 0.0005 {
      notes.append("\(Numbers.percent(mean.cachedShare)) of prompt tokens are taken to be in prefix caches")
    }
    let requests = plan.streams.compactMap(\.requests).reduce(0, +)
    if mean.load == .open, requests > 0, Double(requests) < 4 * (mean.requestsInFlight ?? 0) {
      notes.append("the run is too short for a steady state")
    }
    return notes
  }

  /// The notes without those that were there before.
  private static func unique(_ notes: [String]) -> [String] {
    notes.reduce(into: []) { kept, note in
      if !kept.contains(note) { kept.append(note) }
    }
  }
}
