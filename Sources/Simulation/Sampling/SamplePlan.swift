import Workload

/// A part of a site that is simulated for all of it.
///
/// Of each deployment a scale model runs: a share of its replicas, spread evenly over the site, behind one router, to which
/// that share of the requests comes. Beside it run cells, smaller models with draws of their own that differ from one another
/// by chance alone: the model says what the site does, the cells say how much of that is chance. What acts on the whole
/// site, an autoscaler or a limit of power, sees the model as the estimate of the site and acts on model and cells alike.
public struct SamplePlan: Sendable, Equatable {
  /// Share of the replicas of each deployment that its model has, in (0, 1].
  public var share: Double
  /// Cells beside each model, in ``cellCounts``.
  public var cells: Int
  /// Replicas of a model at least, >= ``cells``: routers of fewer have less choice than the site's.
  public var leastReplicas: Int

  /// A sample; see the properties for ranges.
  public init(share: Double, cells: Int = 10, leastReplicas: Int = 80) {
    precondition(share > 0 && share <= 1, "a sample of nothing, or of more than there is")
    precondition(Self.cellCounts.contains(cells) && leastReplicas >= 1, "cells that say nothing of chance")
    self.share = share
    self.cells = cells
    self.leastReplicas = leastReplicas
  }

  /// How many cells a sample may have: fewer than two don't differ, and more need numbers that conversations don't have.
  public static let cellCounts = 2...63

  /// Replicas of all cells together, as a share of the model's.
  static let cellsShare = 0.5
  /// Replicas of a cell at least: what autoscaling does to fewer is mostly rounding.
  static let leastCellReplicas = 8

  /// Replicas of which a share as large as that of the smallest planned outage is a whole one: none goes unseen.
  private static func replicas(representing faults: FaultPlan?, of site: Int) -> Int {
    let planned = faults?.domains.filter { !$0.outages.isEmpty }.map(\.replicas.count) ?? []
    guard let smallest = planned.min(), smallest > 0 else { return 0 }
    return (site + smallest - 1) / smallest
  }

  /// The model and the cells of a deployment; nil where they would be all of it, so that it is simulated whole.
  public func cells(of deployment: DeploymentPlan) -> SampleCells? {
    let site = deployment.replicas
    let wanted = (share * Double(site)).rounded()
    let model = max(leastReplicas, Int(wanted), Self.replicas(representing: deployment.faults, of: site))
    let cell = max(
      Self.leastCellReplicas, Int((Double(model) * Self.cellsShare / Double(cells)).rounded(.up)))
    guard model + cells * cell < site else { return nil }
    func size(_ replicas: Int) -> SampleCells.Size {
      guard let prefill = deployment.prefill?.replicas else {
        return SampleCells.Size(replicas: replicas, prefillReplicas: 0)
      }
      // Somewhat more replicas may make a ratio of whole numbers that is nearer to the site's.
      let sizes = (replicas...4 * replicas).map { count in
        let ofSite = Double(prefill) * Double(count) / Double(site)
        return SampleCells.Size(replicas: count, prefillReplicas: max(1, Int(ofSite.rounded())))
      }
      return sizes.first { $0.keepsRatio(prefill: prefill, decode: site) } ?? sizes[0]
    }
    return SampleCells(count: cells, model: size(model), cell: size(cell), siteReplicas: site)
  }
}

/// The scale model and the cells of one deployment.
public struct SampleCells: Sendable, Equatable {
  /// How many cells there are.
  public var count: Int
  /// The model.
  public var model: Size
  /// Each of the cells.
  public var cell: Size
  /// Replicas of the whole deployment that answer, or do all.
  public var siteReplicas: Int

  /// How large a part is.
  public struct Size: Sendable, Equatable {
    /// Replicas that answer, or do all.
    public var replicas: Int
    /// Replicas that work on prompts; 0 where there is no pool of them.
    public var prefillReplicas: Int

    /// Whether there are as many for prompts to those for answers as on the site, to within 2 %.
    func keepsRatio(prefill: Int, decode: Int) -> Bool {
      let wanted = Double(prefill) * Double(replicas) / Double(decode)
      return abs(Double(prefillReplicas) / wanted - 1) <= 0.02
    }
  }

  /// What is simulated: the model, or one of the cells.
  enum Part: Equatable {
    case model
    case cell(Int)

    /// Its number among all parts.
    var number: Int {
      switch self {
      case .model: 0
      case .cell(let number): number + 1
      }
    }
  }

  /// The model and then the cells.
  var parts: [Part] { [.model] + (0..<count).map { .cell($0) } }

  func size(of part: Part) -> Size { part == .model ? model : cell }

  /// The share of the deployment that a part is.
  func share(of part: Part) -> Double { Double(size(of: part).replicas) / Double(siteReplicas) }

  /// The share of the deployment that its model is.
  public var share: Double { share(of: .model) }

  /// What a part gets of `total` things; all cells together get the nearest whole number to their share.
  func amount(of total: Int, for part: Part, least: Int = 0) -> Int {
    let share = share(of: part)
    switch part {
    case .model: return max(least, Int((Double(total) * share).rounded()))
    case .cell(let number):
      let all = Int((Double(total) * share * Double(count)).rounded())
      return max(least, all / count + (number < all % count ? 1 : 0))
    }
  }
}

extension DeploymentPlan {
  /// What keeps a deployment from being simulated by cells, in the words of a scenario file; nil for nothing.
  public func problem(with cells: SampleCells) -> String? {
    if prefill?.handOff.network != nil { return "its pools share links, which a part of them does not fill" }
    if fleet?.planner != nil { return "a planner moves its accelerators between pools" }
    for part in [SampleCells.Part.model, .cell(0)] {
      let share = cells.share(of: part)
      if let update = fleet?.update, Double(update.atOnce) * share < 0.75 {
        return "an update takes out \(update.atOnce) of \(replicas) replicas at once, less than one of a cell"
      }
      if let prefill, !cells.size(of: part).keepsRatio(prefill: prefill.replicas, decode: replicas) {
        return
          "no part has \(replicas) decode replicas to \(prefill.replicas) prefill replicas as the site does"
      }
    }
    for stream in streams {
      if stream.graph != nil { return "rows of its trace wait for one another" }
      switch stream.arrivals {
      case .trace: return "its arrivals are a trace, which has no share of itself"
      case .closedLoop(let clients, _) where Double(clients) * cells.share(of: .cell(0)) < 1:
        return "it has \(clients) clients, of which some cells would get none"
      default: break
      }
    }
    return nil
  }

  /// The scale model that stands for the deployment, or one of its cells.
  ///
  /// - Parameters:
  ///   - part: which.
  ///   - cells: all of them; nothing keeps the deployment from being cut into them.
  ///   - seed: the seed of the scenario.
  ///   - replication: the run's.
  /// - Returns: a deployment of its own.
  func part(_ part: SampleCells.Part, of cells: SampleCells, seed: UInt64, replication: UInt64)
    -> DeploymentPlan
  {
    precondition(problem(with: cells) == nil, "a deployment that can't be cut into cells")
    var cell = self
    let size = cells.size(of: part)
    let share = cells.share(of: part)
    cell.replicas = size.replicas
    cell.prefill?.replicas = size.prefillReplicas
    cell.streams = streams.map { $0.part(part, of: cells) }
    for index in tenants.indices {
      cell.tenants[index].requestsPerSecond = tenants[index].requestsPerSecond.map { $0 * share }
      cell.tenants[index].inputTokensPerSecond = tenants[index].inputTokensPerSecond.map { $0 * share }
    }
    if let fleet {
      cell.fleet?.isSteered = true
      cell.fleet?.autoscaling?.minimum = 1
      cell.fleet?.autoscaling?.initial = cells.amount(
        of: fleet.autoscaling?.initial ?? 1, for: part, least: 1)
      cell.fleet?.prefillAutoscaling?.minimum = 1
      cell.fleet?.prefillAutoscaling?.initial = cells.amount(
        of: fleet.prefillAutoscaling?.initial ?? 1, for: part, least: 1)
      cell.fleet?.update?.atOnce = cells.amount(of: fleet.update?.atOnce ?? 1, for: part, least: 1)
    }
    if let faults {
      let stand = standing(in: part, cells, seed: seed, replication: replication)
      cell.faults?.replication = replication
      cell.faults?.domains = faults.domains.compactMap { domain in
        var local = domain
        local.replicas = domain.replicas.compactMap { stand[$0] }
        return local.replicas.isEmpty ? nil : local
      }
      cell.faults?.spares = PoolSizes(
        prefill: cells.amount(of: faults.spares.prefill, for: part),
        decode: cells.amount(of: faults.spares.decode, for: part))
    }
    return cell
  }

  /// The replicas of the site that a part is made of, with their numbers in it.
  ///
  /// A systematic sample: every so many in the order in which replicas stand, from a drawn start; the cells' is dealt to
  /// them in turn. Any row of racks is so represented by its share, to within one replica.
  private func standing(
    in part: SampleCells.Part, _ cells: SampleCells, seed: UInt64, replication: UInt64
  ) -> [Int: Int] {
    var stream = RandomStream(seed: seed, run: replication, "sample." + name)
    let start = stream.uniform()
    let (number, dealt) =
      switch part {
      case .model: (0, 1)
      case .cell(let cell): (cell, cells.count)
      }
    let size = cells.size(of: part)
    let pools = [(prefill?.replicas ?? 0, size.prefillReplicas), (replicas, size.replicas)]
    var stand: [Int: Int] = [:]
    var first = 0
    var own = 0
    for (site, replicas) in pools where replicas > 0 {
      let step = Double(site) / Double(replicas * dealt)
      for index in 0..<replicas {
        let position = (Double(index * dealt + number) + start) * step
        stand[first + min(Int(position), site - 1)] = own
        own += 1
      }
      first += site
    }
    return stand
  }
}

extension StreamPlan {
  /// The requests of one part: every so many of the numbers, at a share of the rate.
  fileprivate func part(_ part: SampleCells.Part, of cells: SampleCells) -> StreamPlan {
    var own = self
    own.numbering = RequestNumbering(
      first: numbering.first + UInt64(part.number) * numbering.stride,
      stride: numbering.stride * UInt64(cells.count + 1))
    own.requests = requests.map { cells.amount(of: $0, for: part) }
    own.warmUpRequests = cells.amount(of: warmUpRequests, for: part)
    switch arrivals {
    case .offline(let requests): own.arrivals = .offline(requests: cells.amount(of: requests, for: part))
    case .closedLoop(let clients, let thinkTime):
      own.arrivals = .closedLoop(
        concurrency: cells.amount(of: clients, for: part), thinkTimeSeconds: thinkTime)
    default: own.arrivals = arrivals.scaled(by: cells.share(of: part))
    }
    return own
  }
}
