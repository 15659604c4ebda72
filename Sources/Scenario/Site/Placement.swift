import CostModel
import Hardware

/// Which accelerators of one system of a site are still free, scale-up domain by scale-up domain.
///
/// A replica stands inside one domain; where it is larger than that, each of its pipeline stages does, and stages that
/// are larger take whole domains.
struct Placement {
  /// Domains with equally many free accelerators, in the order of the site; `size` of one, free and taken.
  private var runs: [(free: Int, size: Int, domains: Int)]
  /// Accelerators that one domain joins.
  let domainSize: Int

  /// All of them.
  let accelerators: Int
  /// What one is called: with its system where the site has several.
  let name: String
  private let part: Int
  private let first: ReplicaPlaces.Numbers
  private let system: SystemSpecification
  private let racksPerRow: Int

  /// An empty part of a site.
  init(_ site: ResolvedSite, part: Int) {
    let system = site.parts[part].system
    self.system = system
    self.part = part
    racksPerRow = site.racksPerRow
    first = ReplicaPlaces.Numbers(
      node: site.first(\.nodes, ofPart: part), domain: site.first(\.domains, ofPart: part),
      rack: site.first(\.racks, ofPart: part))
    accelerators = site.parts[part].accelerators
    name = site.parts.count > 1 ? "\(system.id) accelerator" : "accelerator"
    domainSize = site.parts[part].domainSize
    runs = [(domainSize, domainSize, accelerators / domainSize)]
    let rest = accelerators % domainSize
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
      part: part, system: system, first: first, slotAccelerators: slot, slotsPerReplica: slots,
      domainSize: domainSize, spans: spans, racksPerRow: racksPerRow)
  }

  /// Accelerators that must stand together, and how many such groups make a replica.
  private func slot(_ parallel: Parallelism) -> (accelerators: Int, count: Int) {
    if parallel.accelerators <= domainSize { return (parallel.accelerators, 1) }
    if parallel.acceleratorsPerStage <= domainSize {
      return (parallel.acceleratorsPerStage, parallel.pipeline)
    }
    return (domainSize, parallel.accelerators / domainSize)
  }
}

/// Accelerators of a replica that stand on one rack.
public struct RackShare: Sendable, Equatable {
  /// The rack, by its number on the site, from 0.
  public var rack: Int
  /// How many, >= 1.
  public var accelerators: Int

  /// A share; see the properties.
  public init(rack: Int, accelerators: Int) {
    self.rack = rack
    self.accelerators = accelerators
  }
}

/// Where the replicas of a pool stand: accelerators are numbered through their system's part of the site, domain by domain.
struct ReplicaPlaces {
  /// Equally filled domains one after another.
  struct Span {
    /// The first accelerator of the first slot.
    let begin: Int
    let slotsEach: Int
    let domains: Int
  }

  /// The part of the site, and its system.
  let part: Int
  let system: SystemSpecification
  /// Numbers of the part's first units.
  let first: Numbers
  /// Accelerators that stand together, in slots of which a replica has one or, by pipeline stage, several.
  let slotAccelerators: Int
  let slotsPerReplica: Int
  let domainSize: Int
  let spans: [Span]
  /// Racks of a row, which are counted through the site.
  let racksPerRow: Int
  /// Replicas at the end that stand idle until others fail.
  var spares = 0

  /// The numbers of a node, a scale-up domain and a rack: those are numbered through the site.
  struct Numbers {
    let node: Int
    let domain: Int
    let rack: Int
  }

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
    }.dropLast(spares)
  }

  /// The nodes, domains, racks or rows that each replica stands on, by their numbers on the site, in order.
  func units(_ unit: FaultsDraft.Unit) -> [[Int]] {
    if unit == .row { return units(.rack).map { Set($0.map { $0 / racksPerRow }).sorted() } }
    let (size, first) = size(of: unit)
    return replicas.map { ranges in
      var units: Set<Int> = []
      for range in ranges { units.formUnion(range.lowerBound / size...(range.upperBound - 1) / size) }
      return units.sorted().map { first + $0 }
    }
  }

  /// The racks that each replica stands on, with how many of its accelerators, in order.
  var rackShares: [[RackShare]] {
    let (size, first) = size(of: .rack)
    return replicas.map { ranges in
      var shares: [RackShare] = []
      for range in ranges {
        var begin = range.lowerBound
        while begin < range.upperBound {
          let rack = begin / size
          let end = min(range.upperBound, (rack + 1) * size)
          if let last = shares.indices.last, shares[last].rack == first + rack {
            shares[last].accelerators += end - begin
          } else {
            shares.append(RackShare(rack: first + rack, accelerators: end - begin))
          }
          begin = end
        }
      }
      return shares
    }
  }

  /// Accelerators of a unit, and the number of the first one.
  func size(of unit: FaultsDraft.Unit) -> (accelerators: Int, first: Int) {
    switch unit {
    case .accelerator: (1, 0)
    case .node: (system.node.accelerators, first.node)
    case .domain: (domainSize, first.domain)
    case .rack: (system.rack.accelerators, first.rack)
    case .row: (system.rack.accelerators * racksPerRow, first.rack / racksPerRow)
    }
  }
}
