import CostModel
import Hardware
import Simulation
import Workload

/// How a point's requests arrive and which part of the run counts.
struct PointLoad {
  var arrivals: ArrivalProcess
  var requests: Int
  var warmUpRequests: Int
  var window: PointWindow
}

extension PointDraft {
  /// Requests that are simulated at most for a run whose source sent more: means move by less than 1 % beyond.
  static let mostRequests = 200_000

  mutating func settleLoad() throws(Unpredictable) {
    switch point.load {
    case nil: throw Unpredictable("how requests were offered is not known")
    case .closedLoop?:
      if point.suite == "mlenergy", let batch = point.maximumBatchSize {
        settleEnergyCampaign(batch: batch)
      } else {
        try settleClosedLoop()
      }
    case .offline?: settleOffline()
    case .server?: try settleServer()
    }
  }

  private mutating func settleClosedLoop() throws(Unpredictable) {
    guard let stated = point.concurrency else { throw Unpredictable("the concurrency is not known") }
    let concurrency = max(1, Int(stated.rounded()))
    let requests = point.requests ?? 10 * concurrency
    load = PointLoad(
      arrivals: .closedLoop(concurrency: concurrency, thinkTimeSeconds: 0), requests: requests,
      warmUpRequests: 2 * concurrency, window: .wholeRun)
    assume(
      "requests", "\(2 * concurrency) to warm up, then \(requests)",
      because: "the InferenceX client: statistics over all requests after the warm-up")
  }

  /// ML.ENERGY's client sends all requests at once to an engine that runs `B` of them at a time, and measures from the first
  /// token of the B-th until all but B + 1 are done (repository ml-energy/benchmark, mlenergy/llm/benchmark.py).
  ///
  /// Where a data set is hardly larger than a batch, as for reasoning, contexts still grow in that window.
  private mutating func settleEnergyCampaign(batch: Int) {
    let requests =
      point.requests
      ?? EnergyCampaign.requests(
        task: point.lengths, model: point.model.split(separator: "/").last.map(String.init) ?? point.model,
        system: system.id, batch: batch)
    let first = min(batch, requests)
    let last = max(1, requests - batch - 1)
    load = PointLoad(
      arrivals: .offline(requests: requests), requests: requests, warmUpRequests: 0,
      window: .counted(firstTokens: first, finished: last))
    assume(
      "requests", "\(requests), all at once, of which \(batch) run at a time",
      because:
        "the campaign's configuration; what its client measures is compared: from the first token of request "
        + "\(first) until \(last) are done")
  }

  /// All requests at once, shared evenly by replicas that are alike: so few of them are simulated that the whole run
  /// of each can be.
  private mutating func settleOffline() {
    let replicas = point.accelerators / parallel.accelerators
    // Ten minutes at least, which is many batches.
    let usual = max(24_576, 12 * engine.options.maximumBatchSize * parallel.attentionData * replicas)
    let stated = point.requests ?? usual
    simulatedReplicas = min(replicas, max(1, Self.mostRequests * replicas / stated))
    let requests = min(stated * simulatedReplicas / replicas, Self.mostRequests)
    load = PointLoad(
      arrivals: .offline(requests: requests), requests: requests, warmUpRequests: 0, window: .wholeRun)
    if point.requests == nil {
      assume("requests", "\(usual)", because: "not stated; twelve batches of every replica at least")
    }
    if simulatedReplicas < replicas {
      assume(
        "simulated", "\(requests) requests on \(simulatedReplicas) of \(replicas) replicas",
        because: "replicas are alike")
    } else if requests < stated {
      assume("requests", "\(requests)", because: "fewer than the source sent say as much")
    }
  }

  private mutating func settleServer() throws(Unpredictable) {
    guard let rate = point.requestRate else {
      throw Unpredictable(
        "request rate not published: the throughput of a server run is its submitter's choice")
    }
    // MLPerf's server runs last ten minutes at least.
    let wanted = max(2_000, Int((rate * 600).rounded()))
    let requests = min(point.requests ?? wanted, wanted, Self.mostRequests)
    load = PointLoad(
      arrivals: .poisson(requestsPerSecond: rate), requests: requests, warmUpRequests: 0, window: .wholeRun)
    assume("requests", "\(requests)", because: "ten minutes at the stated rate, as far as the data set goes")
  }
}
