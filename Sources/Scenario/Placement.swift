import CostModel
import Hardware

/// Which accelerators of a site are still free, scale-up domain by scale-up domain.
///
/// A replica stands inside one domain; where it is larger than that, each of its pipeline stages does.
struct Placement {
  /// Domains with equally many free accelerators, in the order of the site; `size` of one, free and taken.
  private var runs: [(free: Int, size: Int, domains: Int)]
  /// Accelerators that one domain joins.
  let domainSize: Int

  /// An empty site.
  init(_ site: ResolvedSite) {
    let system = site.system
    let joined = system.scaleUp.topology == .none ? 1 : system.scaleUp.worldSize
    // Accelerators of one node can work together over the host, whatever joins them.
    domainSize = max(joined, system.node.accelerators)
    runs = [(domainSize, domainSize, site.accelerators / domainSize)]
    let rest = site.accelerators % domainSize
    if rest > 0 { runs.append((rest, rest, 1)) }
  }

  /// Accelerators that nothing stands on.
  var free: Int { runs.reduce(0) { $0 + $1.free * $1.domains } }

  /// How many replicas still fit.
  func room(for parallel: Parallelism) -> Int {
    let (slot, slots) = slot(parallel)
    return runs.reduce(0) { $0 + $1.free / slot * $1.domains } / slots
  }

  /// Places replicas, as many in each domain as fit; there must be ``room(for:)``.
  ///
  /// - Returns: where they stand.
  @discardableResult
  mutating func place(_ replicas: Int, _ parallel: Parallelism) -> ReplicaPlaces {
    let (slot, slots) = slot(parallel)
    var left = replicas * slots
    var after: [(free: Int, size: Int, domains: Int)] = []
    var spans: [ReplicaPlaces.Span] = []
    var firstDomain = 0
    for run in runs {
      let perDomain = run.free / slot
      let begin = firstDomain * domainSize + run.size - run.free
      firstDomain += run.domains
      guard left > 0, perDomain > 0 else {
        after.append(run)
        continue
      }
      let whole = min(left / perDomain, run.domains)
      if whole > 0 {
        after.append((run.free - perDomain * slot, run.size, whole))
        spans.append(ReplicaPlaces.Span(begin: begin, slotsEach: perDomain, domains: whole))
      }
      left -= whole * perDomain
      var untouched = run.domains - whole
      if untouched > 0, left > 0 {
        after.append((run.free - left * slot, run.size, 1))
        spans.append(
          ReplicaPlaces.Span(begin: begin + whole * domainSize, slotsEach: left, domains: 1))
        left = 0
        untouched -= 1
      }
      if untouched > 0 { after.append((run.free, run.size, untouched)) }
    }
    runs = after
    return ReplicaPlaces(
      slotAccelerators: slot, slotsPerReplica: slots, domainSize: domainSize, spans: spans)
  }

  /// Accelerators that must stand together, and how many such groups make a replica.
  private func slot(_ parallel: Parallelism) -> (accelerators: Int, count: Int) {
    parallel.accelerators <= domainSize
      ? (parallel.accelerators, 1) : (parallel.acceleratorsPerStage, parallel.pipeline)
  }
}

/// Where the replicas of a pool stand: accelerators are numbered through the site, domain by domain.
struct ReplicaPlaces {
  /// Equally filled domains one after another.
  struct Span {
    /// The first accelerator of the first slot.
    let begin: Int
    let slotsEach: Int
    let domains: Int
  }

  /// Accelerators that stand together, in slots of which a replica has one or, by pipeline stage, several.
  let slotAccelerators: Int
  let slotsPerReplica: Int
  let domainSize: Int
  let spans: [Span]

  /// The ranges of accelerators of each replica, in order.
  var replicas: [[Range<Int>]] {
    var slots: [Range<Int>] = []
    for span in spans {
      for domain in 0..<span.domains {
        for slot in 0..<span.slotsEach {
          let first = span.begin + domain * domainSize + slot * slotAccelerators
          slots.append(first..<(first + slotAccelerators))
        }
      }
    }
    return stride(from: 0, to: slots.count, by: slotsPerReplica).map {
      Array(slots[$0..<min($0 + slotsPerReplica, slots.count)])
    }
  }
}
