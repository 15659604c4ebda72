import Documents
import Hardware
import Quantities
import Simulation

/// What `faults:` of a deployment states.
struct FaultsDraft {
  /// What fails as a whole; `domain`: a scale-up domain, with its switches; `row`: racks on one busway or cooling loop.
  enum Unit: String, CaseIterable {
    case accelerator, node, domain, rack, row
  }

  /// How often a unit fails of itself and how long that lasts on average, in seconds.
  struct Rate {
    let unit: Unit
    let meanSecondsToFailure: Double
    let meanSecondsToRepair: Double
    /// Of stragglers: what their steps take, as a multiple.
    var slowdown: Double?
  }

  /// An outage of a replica (`unit` is nil), node, domain or rack at a known time.
  struct Outage {
    let unit: Unit?
    let number: Int
    let outage: FaultDomain.Outage
    let slowdown: Double?
    let field: Field
  }

  var onLoss = LossPolicy.retry
  var rates: [Rate] = []
  var outages: [Outage] = []
  var spares = PoolSizes(prefill: 0, decode: 0)
  var sparesField: Field
  var takeover: StartDraft?
}

/// Reads `faults:`.
struct FaultsReader {
  private static let most = Seconds(si: 1e10)

  /// The faults; nil where none are stated.
  func read(_ field: Field, hasPools: Bool) -> FaultsDraft? {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    var draft = FaultsDraft(sparesField: reader.optional("spares"))
    draft.onLoss = reader.optional("on_loss").choice(LossPolicy.self) ?? .retry
    for unit in FaultsDraft.Unit.allCases {
      let rateField = reader.optional(unit.rawValue)
      guard rateField.isPresent, let rate = rate(rateField, unit) else { continue }
      draft.rates.append(rate)
    }
    let stragglers = reader.optional("stragglers")
    if stragglers.isPresent, let rate = rate(stragglers, .accelerator, areStragglers: true) {
      draft.rates.append(rate)
    }
    draft.outages = reader.optional("outages").list(outage) ?? []
    draft.spares = spares(draft.sparesField, hasPools: hasPools)
    let needsTakeover = draft.sparesField.isPresent
    let takeover = needsTakeover ? reader.required("takeover") : reader.optional("takeover")
    if takeover.isPresent { draft.takeover = FleetReader().start(takeover) }
    if takeover.isPresent, !needsTakeover {
      takeover.refuse("nothing takes over without spares", hint: "state spares, or leave it out")
    }
    reader.finish()
    return draft
  }

  /// A number of replicas, or one for each pool.
  private func spares(_ field: Field, hasPools: Bool) -> PoolSizes {
    let most = 0...1_000_000
    guard hasPools else { return PoolSizes(prefill: 0, decode: field.int(in: most) ?? 0) }
    guard var reader = field.mapping() else { return PoolSizes(prefill: 0, decode: 0) }
    let sizes = PoolSizes(
      prefill: reader.optional("prefill").int(in: most) ?? 0,
      decode: reader.optional("decode").int(in: most) ?? 0)
    reader.finish()
    return sizes
  }

  private func rate(
    _ field: Field, _ unit: FaultsDraft.Unit, areStragglers: Bool = false
  ) -> FaultsDraft.Rate? {
    guard var reader = field.mapping() else { return nil }
    let failure = reader.required("mtbf").quantity(
      Seconds.self, in: Seconds(si: 1)...Self.most)
    let repair = reader.required("repair").quantity(Seconds.self, in: Seconds(si: 1e-3)...Self.most)
    let slowdown = areStragglers ? slowdown(reader.required("slowdown")) : nil
    reader.finish()
    guard let failure, let repair, !areStragglers || slowdown != nil else { return nil }
    return FaultsDraft.Rate(
      unit: unit, meanSecondsToFailure: failure.si, meanSecondsToRepair: repair.si, slowdown: slowdown)
  }

  private func slowdown(_ field: Field) -> Double? { field.double(in: 1.001...1000) }

  private func outage(_ field: Field) -> FaultsDraft.Outage? {
    guard var reader = field.elementMapping() else { return nil }
    let kinds = ["replica"] + FaultsDraft.Unit.allCases.filter { $0 != .accelerator }.map(\.rawValue)
    let given = kinds.filter { reader.has($0) }
    let numbers = kinds.map { reader.optional($0) }
    let at = reader.required("at").quantity(Seconds.self, in: Seconds(si: 0)...Self.most)
    let lasting = reader.optional("for")
    let seconds = lasting.quantity(Seconds.self, above: Seconds(si: 0))
    let slowdownField = reader.optional("slowdown")
    let slowdown = slowdown(slowdownField)
    reader.finish()
    guard given.count == 1, let place = kinds.firstIndex(of: given[0]) else {
      field.refuse("an outage of one thing is needed", allowed: "one of \(kinds.joined(separator: ", "))")
      return nil
    }
    guard let number = numbers[place].int(in: 0...Int.max), let at, seconds != nil || !lasting.isPresent,
      slowdown != nil || !slowdownField.isPresent
    else { return nil }
    return FaultsDraft.Outage(
      unit: FaultsDraft.Unit(rawValue: given[0]), number: number,
      outage: FaultDomain.Outage(startSeconds: at.si, seconds: seconds?.si), slowdown: slowdown,
      field: numbers[place])
  }
}

extension FaultsDraft {
  /// What fails together, once it is known where replicas stand; those of a prefill pool are numbered first.
  func resolved(for item: DesignedDeployment?) -> FaultPlan? {
    guard let item, let own = item.places else { return nil }
    let pools = [item.prefill?.places, own].compactMap { $0 }
    var domains: [FaultDomain] = []
    for rate in rates { domains += self.domains(of: rate, pools) }
    for outage in outages {
      let replicas = self.replicas(of: outage, pools)
      let name = outage.unit?.rawValue ?? "replica"
      guard !replicas.isEmpty else {
        let sizes = Self.Unit.allCases.dropFirst().map { unit in
          let accelerators = Set(pools.map { $0.size(of: unit).accelerators }).sorted()
          return "\(unit.rawValue)s of \(accelerators.map(String.init).joined(separator: " and "))"
        }
        let count = pools.reduce(0) { $0 + $1.replicas.count }
        outage.field.reject(
          "no replica of the deployment stands there",
          allowed: "0 to \(count - 1) for a replica; \(sizes.joined(separator: ", ")) accelerators")
        continue
      }
      domains.append(
        FaultDomain(
          name: "outage of \(name) \(outage.number)", replicas: replicas, outages: [outage.outage],
          slowdown: outage.slowdown))
    }
    let start = takeover.map { takeover in
      max(takeover.seconds(item.design), item.prefill.map { takeover.seconds($0.design) } ?? 0)
    }
    return FaultPlan(domains: domains, onLoss: onLoss, spares: spares, takeoverSeconds: start ?? 0)
  }

  /// What fails of itself.
  private func domains(of rate: Rate, _ pools: [ReplicaPlaces]) -> [FaultDomain] {
    func domain(_ name: String, _ replicas: [Int], _ units: Int) -> FaultDomain {
      FaultDomain(
        name: name, replicas: replicas, meanSecondsToFailure: rate.meanSecondsToFailure / Double(units),
        meanSecondsToRepair: rate.meanSecondsToRepair, slowdown: rate.slowdown)
    }
    guard rate.unit != .accelerator else {
      // Any of its accelerators takes a replica down, or slows it.
      let prefix = rate.slowdown == nil ? "accelerators" : "stragglers"
      return pools.flatMap(\.replicas).enumerated().map { replica, ranges in
        domain("\(prefix) of replica \(replica)", [replica], ranges.reduce(0) { $0 + $1.count })
      }
    }
    return standing(on: rate.unit, pools).map { domain("\(rate.unit.rawValue) \($0.unit)", $0.replicas, 1) }
  }

  private func replicas(of outage: Outage, _ pools: [ReplicaPlaces]) -> [Int] {
    guard let unit = outage.unit else {
      return outage.number < pools.reduce(0) { $0 + $1.replicas.count } ? [outage.number] : []
    }
    return standing(on: unit, pools).first { $0.unit == outage.number }?.replicas ?? []
  }

  /// The replicas that stand on each unit, by its number.
  private func standing(on unit: Unit, _ pools: [ReplicaPlaces]) -> [(unit: Int, replicas: [Int])] {
    var found: [Int: [Int]] = [:]
    var replica = 0
    for pool in pools {
      for units in pool.units(unit) {
        for number in units { found[number, default: []].append(replica) }
        replica += 1
      }
    }
    return found.keys.sorted().map { ($0, found[$0] ?? []) }
  }
}

extension Echo {
  /// What fails, one entry a domain; of many that fail alike the first few.
  static func echo(_ plan: FaultPlan) -> JSONValue {
    let shown = plan.domains.prefix(20).map { domain -> JSONValue in
      .object([
        ("name", .string(domain.name)), ("replicas", .array(domain.replicas.map { .int($0) })),
        ("slowdown", .optional(domain.slowdown)),
        ("mean_seconds_to_failure", .optional(domain.meanSecondsToFailure)),
        (
          "mean_seconds_to_repair",
          domain.meanSecondsToFailure == nil ? .null : .double(domain.meanSecondsToRepair)
        ),
        (
          "outages",
          .array(
            domain.outages.map {
              .object([("at_seconds", .double($0.startSeconds)), ("seconds", .optional($0.seconds))])
            })
        ),
      ])
    }
    return .object([
      ("on_loss", .string(plan.onLoss.rawValue)),
      ("spares", .object([("prefill", .int(plan.spares.prefill)), ("decode", .int(plan.spares.decode))])),
      ("takeover_seconds", .double(plan.takeoverSeconds)), ("domains", .int(plan.domains.count)),
      ("first_domains", .array(Array(shown))),
    ])
  }
}
