import CostModel

/// The replicas that work on prompts for a deployment whose own replicas decode.
public struct PrefillPool: Sendable {
  /// Working copies of the model, >= 1.
  public var replicas: Int
  /// Accelerators that one replica occupies, >= 1.
  public var acceleratorsPerReplica: Int
  /// The scheduler of a replica.
  public var engine: EngineOptions
  /// The KV cache of a replica: it holds prompts until the decode pool has fetched them.
  public var cache: KVCacheOptions
  /// What a step of a replica costs.
  public var cost: StepCostTable
  /// What accelerators can be held to, falling; the first level is that of ``cost``, empty where nothing holds them.
  public var powerLevels: [PowerLevel] = []
  /// How requests find their replica.
  public var router: RouterPolicy
  /// How they get from here to the decode pool.
  public var handOff: HandOff

  /// Creates a pool; see the properties for ranges.
  public init(
    replicas: Int, acceleratorsPerReplica: Int, engine: EngineOptions, cache: KVCacheOptions,
    cost: StepCostTable, router: RouterPolicy = .roundRobin, handOff: HandOff = HandOff()
  ) {
    precondition(replicas >= 1 && acceleratorsPerReplica >= 1, "a pool without replicas")
    self.replicas = replicas
    self.acceleratorsPerReplica = acceleratorsPerReplica
    self.engine = engine
    self.cache = cache
    self.cost = cost
    self.router = router
    self.handOff = handOff
  }
}
