import CostModel
import Hardware

/// Which accelerators of a site are still free, scale-up domain by scale-up domain.
///
/// A replica stands inside one domain; where it is larger than that, each of its pipeline stages does.
struct Placement {
  /// Domains with equally many free accelerators, in the order of the site.
  private var runs: [(free: Int, domains: Int)]
  /// Accelerators that one domain joins.
  let domainSize: Int

  /// An empty site.
  init(_ site: ResolvedSite) {
    let system = site.system
    let joined = system.scaleUp.topology == .none ? 1 : system.scaleUp.worldSize
    // Accelerators of one node can work together over the host, whatever joins them.
    domainSize = max(joined, system.node.accelerators)
    runs = [(domainSize, site.accelerators / domainSize)]
    if site.accelerators % domainSize > 0 { runs.append((site.accelerators % domainSize, 1)) }
  }

  /// Accelerators that nothing stands on.
  var free: Int { runs.reduce(0) { $0 + $1.free * $1.domains } }

  /// How many replicas still fit.
  func room(for parallel: Parallelism) -> Int {
    let (slot, slots) = slot(parallel)
    return runs.reduce(0) { $0 + $1.free / slot * $1.domains } / slots
  }

  /// Places replicas, as many in each domain as fit; there must be ``room(for:)``.
  mutating func place(_ replicas: Int, _ parallel: Parallelism) {
    let (slot, slots) = slot(parallel)
    var left = replicas * slots
    var after: [(free: Int, domains: Int)] = []
    for run in runs {
      let perDomain = run.free / slot
      guard left > 0, perDomain > 0 else {
        after.append(run)
        continue
      }
      let whole = min(left / perDomain, run.domains)
      if whole > 0 { after.append((run.free - perDomain * slot, whole)) }
      left -= whole * perDomain
      var untouched = run.domains - whole
      if untouched > 0, left > 0 {
        after.append((run.free - left * slot, 1))
        left = 0
        untouched -= 1
      }
      if untouched > 0 { after.append((run.free, untouched)) }
    }
    runs = after
  }

  /// Accelerators that must stand together, and how many such groups make a replica.
  private func slot(_ parallel: Parallelism) -> (accelerators: Int, count: Int) {
    parallel.accelerators <= domainSize
      ? (parallel.accelerators, 1) : (parallel.acceleratorsPerStage, parallel.pipeline)
  }
}
