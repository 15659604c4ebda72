import CostModel
import Facility
import Synchronization

/// What accelerators can be held to.
public final class PowerLevel: Sendable {
  /// The most that one of them draws, in watts, > 0.
  public let watts: Double
  private let tabulate: @Sendable () -> StepCostTable
  private let table = Mutex<StepCostTable?>(nil)

  /// A level.
  ///
  /// - Parameters:
  ///   - watts: the most that an accelerator draws, > 0.
  ///   - tabulate: what a step of a replica costs then, with an energy in its time that is no more than that; called when the
  ///     level is first needed, since most never are.
  public init(watts: Double, tabulate: @escaping @Sendable () -> StepCostTable) {
    self.watts = watts
    self.tabulate = tabulate
  }

  /// What a step of a replica costs at this level.
  public var cost: StepCostTable {
    table.withLock { table in
      if let table { return table }
      let made = tabulate()
      table = made
      return made
    }
  }
}

/// Limits of what accelerators draw behind points of the power tree, and how they are kept while requests are served.
///
/// At every interval the controller looks at the mean draw of the last one. Where a limit is exceeded, or nearly, it
/// shares the limit out among groups by the policy and holds each to a level at which it can't draw more than its share:
/// from then on the limit holds whatever comes, but for what steps in progress still draw. When there is
/// room again, groups are let up a level an interval. So a limit is exceeded for one interval at most, unless
/// it is below what the lowest levels need.
public struct PowerControl: Sendable {
  /// Accelerators that are held to the same level.
  public struct Group: Sendable {
    /// The deployment, by its position in the run.
    public var deployment: Int
    /// The pool that they are of.
    public var role: PoolRole
    /// The replicas, by their numbers among all of the deployment; nil: all of the pool.
    public var replicas: [Int]?
    /// Accelerators of all these replicas, >= 1.
    public var accelerators: Int
    /// What one draws without work, in watts, >= 0.
    public var idleWatts: Double
    /// Lower priorities give first, where the policy goes by them.
    public var priority: Int

    /// A group; see the properties.
    public init(
      deployment: Int, role: PoolRole, replicas: [Int]? = nil, accelerators: Int, idleWatts: Double,
      priority: Int = 0
    ) {
      self.deployment = deployment
      self.role = role
      self.replicas = replicas
      self.accelerators = accelerators
      self.idleWatts = idleWatts
      self.priority = priority
    }
  }

  /// A point of the power tree with a limit.
  public struct Point: Sendable {
    /// What reports call it.
    public var name: String
    /// The most that the accelerators behind it may draw from a time on, in watts; times in seconds, the first 0, rising.
    public var limits: [(seconds: Double, watts: Double)]
    /// Points behind it.
    public var children: [Point]
    /// Groups directly behind it, by their positions in ``PowerControl/groups``.
    public var groups: [Int]

    /// A point; see the properties.
    public init(
      name: String, limits: [(seconds: Double, watts: Double)], children: [Point] = [], groups: [Int] = []
    ) {
      precondition(limits.first?.seconds == 0, "a limit that begins after the run")
      self.name = name
      self.limits = limits
      self.children = children
      self.groups = groups
    }

    /// The least limit from one time to another.
    func leastWatts(from start: Double, to end: Double) -> Double {
      var least = Double.infinity
      for (index, limit) in limits.enumerated() {
        let next = index + 1 < limits.count ? limits[index + 1].seconds : .infinity
        if limit.seconds < end, next > start { least = min(least, limit.watts) }
      }
      return least
    }
  }

  /// Who gives first.
  public var policy: Capping.Policy
  /// Seconds from one look to the next, > 0.
  public var intervalSeconds: Double
  /// The groups.
  public var groups: [Group]
  /// The tree; every group is behind one point of it.
  public var root: Point

  /// A control; see the properties.
  public init(policy: Capping.Policy, intervalSeconds: Double, groups: [Group], root: Point) {
    precondition(intervalSeconds > 0, "looks without an interval")
    self.policy = policy
    self.intervalSeconds = intervalSeconds
    self.groups = groups
    self.root = root
  }
}

/// What a controller of power did.
public struct PowerControlOutcome: Sendable, Equatable {
  /// Intervals that were looked at.
  public var intervals = 0
  /// Those of them in which accelerators behind a point drew more than its limit, on average.
  public var exceeded = 0
  /// The most of those one after another.
  public var longestExcess = 0
  /// The largest excess over a limit in an interval, in watts of accelerators.
  public var largestExcessWatts = 0.0
  /// Seconds in which any group was held below its full level.
  public var heldSeconds = 0.0
  /// By group: seconds below the full level, and the mean level in watts of an accelerator over the run.
  public var groups: [GroupOutcome] = []
  /// Points whose limits were shared out, with how often.
  public var binding: [Binding] = []

  /// What became of a group.
  public struct GroupOutcome: Sendable, Equatable {
    /// The deployment, by its position in the run.
    public var deployment: Int
    /// The pool.
    public var role: PoolRole
    /// Accelerators.
    public var accelerators: Int
    /// Seconds below the full level.
    public var heldSeconds = 0.0
    /// The integral of the level over time, in watts of an accelerator times seconds.
    public var levelJoules = 0.0
    /// The lowest level that it was held to, in watts of an accelerator.
    public var leastWatts: Double
  }

  /// How often a limit was shared out.
  public struct Binding: Sendable, Equatable {
    /// The point.
    public var name: String
    /// Decisions.
    public var times: Int
  }
}
