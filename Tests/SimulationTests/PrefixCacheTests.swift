import CostModel
import Testing
import Workload

@testable import Simulation

/// Prompts of which the trace names the blocks: `rows` of (arrival in seconds, input, output, block names).
private func traced(
  _ rows: [(at: Double, input: Int32, output: Int32, blocks: [UInt64])], blockTokens: Int = 16
) throws -> StreamPlan {
  let lines = rows.map {
    "{\"timestamp\": \(Int($0.at * 1000)), \"input_length\": \($0.input), \"output_length\": \($0.output), "
      + "\"hash_ids\": \($0.blocks)}"
  }
  let trace = try TraceReader(format: .mooncake, blockTokens: blockTokens).read(
    contents: lines.joined(separator: "\n"), name: "trace.jsonl")
  var plan = StreamPlan(
    arrivals: trace.arrivals, lengths: RequestLengths(rows: trace.lengths, order: .cyclic, seed: 1),
    maximumOutputTokens: 100)
  plan.prompts = PromptContent(of: trace, name: "trace.jsonl")
  return plan
}

/// Conversations over a system prompt.
private func conversations(
  turns: Int, pause: Double, system: Int, input: Int, output: Int, arrivals: ArrivalProcess, requests: Int,
  blockTokens: Int = 16, seed: UInt64 = 1
) -> StreamPlan {
  var plan = StreamPlan(
    arrivals: arrivals, requests: requests,
    lengths: RequestLengths(input: .fixed(input), output: .fixed(output), seed: seed),
    maximumOutputTokens: output)
  let prompts = SystemPrompts(tokens: system)
  plan.systemPrompts = prompts
  plan.prompts = PromptContent(
    systemPrompts: prompts, kin: .turns, blockTokens: blockTokens, seed: seed, name: "test")
  plan.conversations = Conversations(
    turns: .fixed(turns), pause: .fixed(seconds: pause), systemPrompts: prompts, seed: seed, name: "test")
  return plan
}

@Suite("Prefix caches")
struct PrefixCacheTests {
  /// Steps take 0.1 s and 1 ms a prompt token.
  private static let costs = linearCosts(step: 0.1, token: 0.001)

  private func run(_ plan: DeploymentPlan, cached: Bool = true, macro: Bool = true) async -> DeploymentOutcome
  {
    var plan = plan
    plan.prefixCache = cached ? PrefixCacheOptions() : nil
    return await Simulation.run(plan, RunPlan(macroSteps: macro, recordsRequests: true))
  }

  @Test("a prompt that begins as another did computes the rest: token by token")
  func handWorked() async throws {
    // Blocks of 16 tokens: the second prompt shares two of three with the first, the third all of its two.
    let stream = try traced([
      (0, 48, 1, [1, 2, 3]), (1, 40, 1, [1, 2, 9]), (2, 32, 1, [1, 2]),
    ])
    let outcome = await run(deployment(cost: Self.costs, streams: [stream]))
    let records = outcome.observations.records
    #expect(records.map(\.cachedTokens) == [0, 32, 16])
    // 0.1 s a step and 1 ms a token that isn't cached.
    let took = records.map { $0.firstToken.nanoseconds - $0.arrival.nanoseconds }
    #expect(took == [148_000_000, 108_000_000, 116_000_000])
    #expect(outcome.observations.counts.inputTokens == 120)
    #expect(outcome.observations.counts.cachedTokens == 48)
    let without = await run(deployment(cost: Self.costs, streams: [stream]), cached: false)
    #expect(without.observations.counts.cachedTokens == 0)
  }

  @Test("requests that run at once share blocks: the cache holds what is different in them")
  func shared() async throws {
    // Each needs 4 blocks of 16 (63 + 1 tokens); three of them are the same.
    let rows = (0..<4).map {
      (at: Double($0), input: Int32(63), output: Int32(40), blocks: [1, 2, 3, UInt64(100 + $0)])
    }
    let stream = try traced(rows)
    let plan = deployment(blocks: 40, cost: linearCosts(step: 0.5), streams: [stream])
    let shared = await run(plan)
    let alone = await run(plan, cached: false)
    #expect(alone.peakCacheUtilisation > shared.peakCacheUtilisation)
    #expect(shared.observations.counts.cachedTokens == 3 * 48)
    #expect(shared.observations.counts.completed == 4)
  }

  /// The chain of one row of a trace.
  private static func chain(_ names: [UInt64]) throws -> (Int) -> ChainBlock {
    let content = try #require(
      try traced([(0, Int32(16 * names.count), 1, names)]).prompts, "a trace with names of blocks")
    return { ChainBlock(content: content, request: 0, position: $0) }
  }

  @Test("what is longest unused is given up first, and of a prompt its end before its beginning")
  func leastRecentlyUsed() throws {
    let first = try Self.chain([1, 2, 3])
    let second = try Self.chain([1, 2, 4])
    var cache = PrefixCache(PrefixCacheOptions(), isHeard: true)
    for position in 0..<3 { #expect(cache.keep(first(position), blocks: 2) == 0) }
    #expect(cache.release(first(2)) == 6)
    #expect(cache.unusedBlocks == 6)
    // The second shares two blocks with the first, which were nobody's.
    #expect(cache.match(second(0).content, ofRequest: 0, blocks: 3) == PrefixMatch(blocks: 2, inUse: 0))
    #expect(cache.hold(second(1)).taken == 4)
    #expect(cache.keep(second(2), blocks: 2) == 0)
    #expect(cache.match(first(0).content, ofRequest: 0, blocks: 3) == PrefixMatch(blocks: 3, inUse: 4))
    // Room is needed: the end of the first goes.
    cache.shrink(to: 1)
    #expect(cache.match(first(0).content, ofRequest: 0, blocks: 3) == PrefixMatch(blocks: 2, inUse: 4))
    #expect(cache.release(second(2)) == 6)
    cache.shrink(to: 5)
    #expect(cache.match(second(0).content, ofRequest: 0, blocks: 3) == PrefixMatch(blocks: 2, inUse: 0))
    // Computed by two at once: the second gives its own up.
    #expect(cache.hold(first(1)).taken == 4)
    #expect(cache.keep(first(2), blocks: 2) == 0)
    #expect(cache.hold(first(1)).taken == 0)
    #expect(cache.keep(first(2), blocks: 2) == 2)
    let names = [
      (first(0), true), (first(1), true), (first(2), true), (second(2), true), (first(2), false),
      (second(2), false), (first(2), true),
    ]
    let changes = cache.takeChanges()
    #expect(changes.map(\.identity) == names.map(\.0.identity))
    #expect(changes.map(\.isThere) == names.map(\.1) && cache.takeChanges().isEmpty)
  }

  @Test("blocks that memory has no room for go down the tiers and come back")
  func tiers() throws {
    let host = CacheTier(name: "host", blocks: 2, secondsPerBlock: 0.5, latencySeconds: 0.01)
    let storage = CacheTier(name: "storage", blocks: 1, secondsPerBlock: 3, latencySeconds: 0.25)
    var cache = PrefixCache(PrefixCacheOptions(tiers: [host, storage]), isHeard: false)
    let chain = try Self.chain([1, 2, 3, 4, 5])
    for position in 0..<5 { _ = cache.keep(chain(position), blocks: 1) }
    #expect(cache.release(chain(4)) == 5)
    cache.shrink(to: 1)
    // The beginning in memory, the next two at the host, one in storage, the end forgotten.
    #expect(cache.match(chain(0).content, ofRequest: 0, blocks: 5) == PrefixMatch(blocks: 4, inUse: 0))
    let held = cache.hold(chain(3))
    #expect(held.taken == 4)
    #expect(abs(held.seconds - (0.25 + 3 + 2 * 0.5)) < 1e-12)
  }

  @Test("a turn of a conversation finds all that was said before")
  func conversation() async {
    let stream = conversations(
      turns: 3, pause: 1, system: 32, input: 16, output: 17, arrivals: .poisson(requestsPerSecond: 0.01),
      requests: 2)
    let outcome = await run(deployment(cost: Self.costs, streams: [stream]))
    let records = outcome.observations.records
    #expect(records.map(\.inputTokens) == [48, 81, 114, 48, 81, 114])
    // Of the first prompt nothing; then all but the answer's last token, which nobody has computed: 64 and 96 of
    // whole blocks. The second conversation finds the system prompt.
    #expect(records.map(\.cachedTokens) == [0, 64, 96, 32, 64, 96])
    // Each turn comes a pause after the answer.
    #expect(records[1].arrival.nanoseconds - records[0].completed.nanoseconds == 1_000_000_000)
    #expect(outcome.observations.counts.arrived == 6)
  }

  @Test("a conversation ends where its next prompt exceeds the context")
  func longConversation() async {
    let stream = conversations(
      turns: 60_000, pause: 0, system: 16, input: 5_000, output: 5_000, arrivals: .offline(requests: 1),
      requests: 1)
    let outcome = await run(
      deployment(tokens: 65_536, cost: linearCosts(step: 0.001), streams: [stream]))
    // The engine's context of 60,000 tokens: prompts of 5,016, 15,016, … 55,016 tokens, and answers of 5,000.
    #expect(outcome.observations.counts.completed == 5)
    #expect(outcome.observations.counts.rejected == 0)
  }

  @Test("macro-stepped and single-stepped runs agree, whatever the router", arguments: RouterPolicy.allCases)
  func macroSteps(router: RouterPolicy) async {
    for seed in 0..<12 {
      var cases = CaseGenerator(seed)
      var stream = conversations(
        turns: cases.int(1...5), pause: cases.double(0...2), system: cases.pick([0, 100, 333]),
        input: cases.int(1...200), output: cases.int(1...80),
        arrivals: .poisson(requestsPerSecond: cases.double(1...10)), requests: 40, seed: UInt64(seed))
      if cases.int(0...3) == 0 { stream.arrivals = .closedLoop(concurrency: 5, thinkTimeSeconds: 0) }
      var plan = deployment(
        replicas: cases.int(1...4), batch: cases.int(2...16), tokens: cases.pick([64, 512]),
        policy: cases.pick([.currentUse, .reserveToEnd]), blocks: cases.pick([120, 200, 2000]),
        cost: linearCosts(step: cases.double(0.001...0.02), token: 1e-4, context: 1e-7), router: router,
        streams: [stream])
      vary(&plan.engine, seed: seed)
      plan.cost.queries = (plan.engine.speculation?.draftTokens ?? 0) + 1
      plan.cacheView.delaySeconds = cases.pick([0, 0.3])
      let macro = await run(plan)
      let single = await run(plan, macro: false)
      #expect(differences(macro, single).isEmpty, "\(router) \(seed)")
      #expect(macro.observations.counts.cachedTokens == single.observations.counts.cachedTokens)
      #expect(macro.observations.counts.cachedTokens > 0 || plan.replicas > 1)
      #expect(
        macro.observations.counts.arrived
          == macro.observations.counts.completed + macro.observations.counts.rejected)
    }
  }

  @Test("a router that looks at caches finds more of prompts there than one that doesn't")
  func prefixAware() async {
    var shares: [RouterPolicy: Double] = [:]
    for router in [RouterPolicy.roundRobin, .sessionSticky, .prefixAware] {
      let stream = conversations(
        turns: 6, pause: 1, system: 0, input: 400, output: 30, arrivals: .poisson(requestsPerSecond: 2),
        requests: 100)
      let plan = deployment(
        replicas: 4, blocks: 20_000, cost: linearCosts(step: 0.01, token: 1e-5), router: router,
        streams: [stream])
      let counts = await run(plan).observations.counts
      shares[router] = Double(counts.cachedTokens) / Double(counts.inputTokens)
    }
    let sticky = shares[.sessionSticky] ?? 0
    #expect(sticky > 0.6)
    #expect((shares[.roundRobin] ?? 1) < 0.5 * sticky)
    #expect(abs((shares[.prefixAware] ?? 0) - sticky) < 0.1)
  }

  @Test("a view that is late misses what was computed since")
  func lateView() async {
    func share(delay: Double) async -> Double {
      let stream = conversations(
        turns: 5, pause: 0.5, system: 0, input: 300, output: 20, arrivals: .poisson(requestsPerSecond: 3),
        requests: 100)
      var plan = deployment(
        replicas: 4, blocks: 20_000, cost: linearCosts(step: 0.01, token: 1e-5), router: .prefixAware,
        streams: [stream])
      plan.cacheView.delaySeconds = delay
      let counts = await run(plan).observations.counts
      return Double(counts.cachedTokens) / Double(counts.inputTokens)
    }
    let now = await share(delay: 0)
    let late = await share(delay: 5)
    #expect(late < 0.8 * now)
  }

  @Test("with a prefill pool its replicas keep the prompts; nothing is left in use at the end")
  func disaggregated() async {
    let stream = conversations(
      turns: 4, pause: 0.2, system: 64, input: 100, output: 40, arrivals: .poisson(requestsPerSecond: 4),
      requests: 50)
    for policy in CapacityPolicy.allCases {
      var plan = deployment(
        policy: policy, blocks: 2000, cost: linearCosts(step: 0.01, token: 1e-4), streams: [stream])
      plan.prefill = PrefillPool(
        replicas: 2, acceleratorsPerReplica: 1, engine: plan.engine, cache: plan.cache, cost: plan.cost,
        router: .prefixAware, handOff: HandOff(secondsPerToken: 1e-5))
      let outcome = await run(plan)
      #expect(outcome.observations.counts.completed == 200)
      #expect(outcome.observations.counts.cachedTokens > 0)
    }
  }
}
