import Documents
import Hardware
import Quantities
import Simulation

/// What `faults:` of a deployment states.
struct FaultsDraft {
  /// What fails as a whole.
  enum Unit: String, CaseIterable {
    case accelerator, node, rack
  }

  /// How often a unit fails of itself and how long that lasts on average, in seconds.
  struct Rate {
    let unit: Unit
    let meanSecondsToFailure: Double
    let meanSecondsToRepair: Double
  }

  /// An outage of a replica, node or rack at a known time.
  struct Outage {
    let what: String
    let number: Int
    let outage: FaultDomain.Outage
    let field: Field
  }

  var onLoss = LossPolicy.retry
  var rates: [Rate] = []
  var outages: [Outage] = []
}

/// Reads `faults:`.
struct FaultsReader {
  private static let most = Seconds(si: 1e10)

  /// The faults; nil where none are stated.
  func read(_ field: Field) -> FaultsDraft? {
    guard field.isPresent, var reader = field.mapping() else { return nil }
    var draft = FaultsDraft()
    draft.onLoss = reader.optional("on_loss").choice(LossPolicy.self) ?? .retry
    for unit in FaultsDraft.Unit.allCases {
      let rateField = reader.optional(unit.rawValue)
      guard rateField.isPresent, let rate = rate(rateField, unit) else { continue }
      draft.rates.append(rate)
    }
    draft.outages = reader.optional("outages").list(outage) ?? []
    reader.finish()
    return draft
  }

  private func rate(_ field: Field, _ unit: FaultsDraft.Unit) -> FaultsDraft.Rate? {
    guard var reader = field.mapping() else { return nil }
    let failure = reader.required("mtbf").quantity(
      Seconds.self, in: Seconds(si: 1)...Self.most)
    let repair = reader.required("repair").quantity(Seconds.self, in: Seconds(si: 1e-3)...Self.most)
    reader.finish()
    guard let failure, let repair else { return nil }
    return FaultsDraft.Rate(
      unit: unit, meanSecondsToFailure: failure.si, meanSecondsToRepair: repair.si)
  }

  private func outage(_ field: Field) -> FaultsDraft.Outage? {
    guard var reader = field.elementMapping() else { return nil }
    let kinds = ["replica", "node", "rack"]
    let given = kinds.filter { reader.has($0) }
    let numbers = kinds.map { reader.optional($0) }
    let at = reader.required("at").quantity(Seconds.self, in: Seconds(si: 0)...Self.most)
    let lasting = reader.optional("for")
    let seconds = lasting.quantity(Seconds.self, above: Seconds(si: 0))
    reader.finish()
    guard given.count == 1, let place = kinds.firstIndex(of: given[0]) else {
      field.refuse("an outage of one thing is needed", allowed: "one of \(kinds.joined(separator: ", "))")
      return nil
    }
    guard let number = numbers[place].int(in: 0...Int.max), let at, seconds != nil || !lasting.isPresent
    else { return nil }
    return FaultsDraft.Outage(
      what: given[0], number: number,
      outage: FaultDomain.Outage(startSeconds: at.si, seconds: seconds?.si), field: numbers[place])
  }
}

extension FaultsDraft {
  /// What fails together, once it is known where replicas stand; those of a prefill pool are numbered first.
  func resolved(for item: DesignedDeployment?, on site: ResolvedSite) -> FaultPlan? {
    guard let item, let own = item.places?.replicas else { return nil }
    let places = (item.prefill?.places?.replicas ?? []) + own
    let perNode = site.system.node.accelerators
    let perRack = site.system.rack.accelerators
    /// The replicas that stand on a unit of so many accelerators, by its number.
    func standing(on accelerators: Int) -> [(unit: Int, replicas: [Int])] {
      var found: [Int: [Int]] = [:]
      for (replica, ranges) in places.enumerated() {
        var units: Set<Int> = []
        for range in ranges {
          units.formUnion(range.lowerBound / accelerators...(range.upperBound - 1) / accelerators)
        }
        for unit in units.sorted() { found[unit, default: []].append(replica) }
      }
      return found.keys.sorted().map { ($0, found[$0] ?? []) }
    }
    var domains: [FaultDomain] = []
    for rate in rates {
      switch rate.unit {
      case .accelerator:
        // Any of its accelerators takes a replica down.
        for (replica, ranges) in places.enumerated() {
          let count = ranges.reduce(0) { $0 + $1.count }
          domains.append(
            FaultDomain(
              name: "accelerators of replica \(replica)", replicas: [replica],
              meanSecondsToFailure: rate.meanSecondsToFailure / Double(count),
              meanSecondsToRepair: rate.meanSecondsToRepair))
        }
      case .node, .rack:
        for (unit, replicas) in standing(on: rate.unit == .node ? perNode : perRack) {
          domains.append(
            FaultDomain(
              name: "\(rate.unit.rawValue) \(unit)", replicas: replicas,
              meanSecondsToFailure: rate.meanSecondsToFailure,
              meanSecondsToRepair: rate.meanSecondsToRepair))
        }
      }
    }
    for outage in outages {
      var replicas: [Int] = []
      switch outage.what {
      case "replica": if outage.number < places.count { replicas = [outage.number] }
      case "node": replicas = standing(on: perNode).first { $0.unit == outage.number }?.replicas ?? []
      default: replicas = standing(on: perRack).first { $0.unit == outage.number }?.replicas ?? []
      }
      guard !replicas.isEmpty else {
        outage.field.reject(
          "no replica of the deployment stands there",
          allowed:
            "0 to \(places.count - 1) for a replica; nodes of \(perNode), racks of \(perRack) accelerators")
        continue
      }
      domains.append(
        FaultDomain(
          name: "outage of \(outage.what) \(outage.number)", replicas: replicas, outages: [outage.outage]))
    }
    return FaultPlan(domains: domains, onLoss: onLoss)
  }
}

extension Echo {
  /// What fails, one entry a domain; of many that fail alike the first few.
  static func echo(_ plan: FaultPlan) -> JSONValue {
    let shown = plan.domains.prefix(20).map { domain -> JSONValue in
      .object([
        ("name", .string(domain.name)), ("replicas", .array(domain.replicas.map { .int($0) })),
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
      ("on_loss", .string(plan.onLoss.rawValue)), ("domains", .int(plan.domains.count)),
      ("first_domains", .array(Array(shown))),
    ])
  }
}
