import CostModel
import Documents
import Simulation
import Workload

extension Echo {
  /// A layout.
  static func echo(_ parallel: Parallelism) -> JSONValue {
    .object([
      ("tensor", .int(parallel.tensor)), ("pipeline", .int(parallel.pipeline)),
      ("expert", .int(parallel.expert)), ("attention_data", .int(parallel.requestGroups)),
      ("context", .int(parallel.context)),
    ])
  }

  /// How tokens come to experts and requests to attention groups, where a deployment has them.
  static func loads(_ item: DesignedDeployment) -> [(String, JSONValue)] {
    var members: [(String, JSONValue)] = []
    if !item.design.mixtures.isEmpty { members.append(("experts", item.experts.echo)) }
    if item.design.parallel.requestGroups > 1 {
      members.append(("attention_balance", .string(item.attentionBalance.rawValue)))
    }
    return members
  }

  /// The engine that moves caches.
  private static func transport(_ prefill: DesignedPool, to decode: ReplicaDesign) -> JSONValue {
    let stated = prefill.stated
    guard let kind = stated.transport,
      let rate = stated.flowBytesPerSecond(from: prefill.design, to: decode)
    else { return .null }
    return .object([
      ("name", .string(kind.rawValue)), ("page_tokens", .int(stated.pageTokens)),
      ("page_bytes", .double(stated.pageBytes(from: prefill.design, to: decode))),
      ("bytes_per_second_and_accelerator", .double(rate)),
      ("source", .string(KVTransferRate.of(kind).source)),
    ])
  }

  /// The pools of a deployment that has two, and the way between them.
  func pools(_ item: DesignedDeployment) -> [(String, JSONValue)] {
    guard let prefill = item.prefill else { return [] }
    func pool(
      _ role: PoolRole, _ replicas: Int, _ parallel: Parallelism, _ router: RouterChoice, _ engine: JSONValue,
      _ experts: ExpertsDraft
    ) -> JSONValue {
      let isMixture = !item.design.mixtures.isEmpty
      let own: [(String, JSONValue)] = isMixture ? [("experts", experts.echo)] : []
      return .object(
        [
          ("role", .string(role.rawValue)), ("replicas", .int(replicas)), ("parallel", Self.echo(parallel)),
          ("accelerators_per_replica", .int(parallel.accelerators)), ("engine", engine),
          ("router", router.echo),
        ] + own)
    }
    let handOff = prefill.handOff
    return [
      (
        "pools",
        .array([
          pool(
            .prefill, prefill.replicas, prefill.design.parallel, prefill.router,
            engine(prefill.engine, prefill.design, prefill.cache, prefill.cacheArithmetic), prefill.experts),
          pool(
            .decode, item.replicas, item.design.parallel, item.router,
            engine(item.engine, item.design, item.cache, item.cacheArithmetic), item.experts),
        ])
      ),
      (
        "hand_off",
        .object([
          ("delay_seconds", .double(handOff.delaySeconds)),
          ("transfer_seconds", .double(handOff.latencySeconds)),
          ("transfer_seconds_per_input_token", .double(handOff.secondsPerToken)),
          ("links_per_prefill_replica", .int(handOff.links)),
          ("first_token", .string(handOff.firstToken.rawValue)),
          ("local_prefill_below", .int(handOff.localPrefillBelow)),
          ("overlap", .string(prefill.stated.overlaps ? "layers" : "none")),
          ("transport", Self.transport(prefill, to: item.design)),
          ("network", handOff.network.map(Self.echo) ?? .null),
        ])
      ),
    ]
  }
}
