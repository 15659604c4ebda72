import CostModel
import Documents
import Hardware

/// What a plan ranks configurations by.
public enum PlanObjective: String, Sendable, CaseIterable {
  /// Output tokens each second: the most.
  case tokensPerSecond = "tokens_per_second"
  /// Dollars for a million output tokens: the least.
  case dollarsPerMillionTokens = "dollars_per_million_tokens"
  /// Output tokens for a megawatt-hour at the grid connection: the most.
  case tokensPerMegawattHour = "tokens_per_megawatt_hour"
  /// Kilograms of CO2 for a million output tokens: the least.
  case carbonPerMillionTokens = "carbon_per_million_tokens"

  /// Whether more is better.
  public var isMaximised: Bool { self == .tokensPerSecond || self == .tokensPerMegawattHour }
}

/// The traffic that a site is to serve.
public enum PlanTraffic: Sendable, Equatable {
  /// So many arrivals each second, of all streams together.
  case rate(Double)
  /// So many times the arrivals that the workload states.
  case growth(Double)
}

/// How sure it has to be that all replicas that are needed are in service.
public struct PlanAvailability: Sendable, Equatable {
  /// The share of time in which as many replicas as are needed work, in (0, 1).
  public var target: Double
  /// Mean hours between failures of one accelerator, with its share of everything that it depends on.
  public var acceleratorHours: Double
  /// Mean hours until a replica that failed is back.
  public var repairHours: Double

  /// Creates one; see the properties.
  public init(target: Double, acceleratorHours: Double, repairHours: Double) {
    self.target = target
    self.acceleratorHours = acceleratorHours
    self.repairHours = repairHours
  }
}

/// Where a deployment's prompts are worked on.
public enum PlanMode: String, Sendable, CaseIterable {
  /// Where its answers are.
  case aggregated
  /// In a pool of their own.
  case disaggregated
}

/// One value that a plan may choose, with the systems that it is for.
public struct PlanValue: Sendable {
  /// The value, where the file has it.
  public var node: Node
  /// Ids of the systems; empty for all.
  public var systems: [String]

  /// Whether it is for a system.
  public func isFor(_ system: SystemSpecification) -> Bool { systems.isEmpty || systems.contains(system.id) }
}

/// A layout that a plan may choose, with the systems that it is for.
public struct PlanLayout: Sendable {
  /// The layout of a replica.
  public var parallel: Parallelism
  /// Ids of the systems; empty for all.
  public var systems: [String]

  /// Whether it is for a system.
  public func isFor(_ system: SystemSpecification) -> Bool { systems.isEmpty || systems.contains(system.id) }
}

/// What a plan may choose for a deployment; empty lists leave the choice to the plan, or to the deployment.
public struct PlanChoices: Sendable {
  /// Formats of weights, activations and KV cache; empty: the deployment's own.
  public var precisions: [PlanValue] = []
  /// Engines with their options; empty: the deployment's own.
  public var engines: [PlanValue] = []
  /// Layouts of a replica; empty: those that suit the model and the system.
  public var layouts: [PlanLayout] = []
  /// Requests that run at once.
  public var batchSizes: [Int] = PlanReader.batchSizes
  /// Tokens of one step; empty: the engine's own.
  public var batchTokens: [Int] = []
  /// Whether prompts have a pool of their own.
  public var modes: [PlanMode] = PlanMode.allCases
}

/// What a `plan:` section asks and what it leaves open.
public struct PlanSection: Sendable {
  /// What configurations are ranked by.
  public var objective: PlanObjective
  /// The traffic that has to be served; nil: as much as the site sustains.
  public var traffic: PlanTraffic?
  /// The most that accelerators may cost, in dollars; nil: anything.
  public var capitalDollars: Double?
  /// The most that accelerators may cost an hour, in dollars; nil: anything.
  public var dollarsPerHour: Double?
  /// Spares are added for it; nil: none.
  public var availability: PlanAvailability?
  /// How many configurations are simulated.
  public var finalists: Int
  /// How many replicas are simulated at most, the others doing as they do.
  public var simulatedReplicas: Int
  /// The systems to choose from, at least one.
  public var systems: [SystemSpecification]
  /// Shares of the accelerators' power that they are held to, in (0, 1], at least one.
  public var powerLimits: [Double]
  /// Grams of CO2 for a kWh from the grid; nil: as the facility states.
  public var carbonGramsPerKilowattHour: Double?
  /// Whether the site's size is stated.
  public var hasSize: Bool
  /// What is open for each deployment, in the order of the file.
  public var deployments: [PlanChoices]
  /// Where the section stands.
  public var node: Node
}
