/// One measured run of a benchmark: how the system was set up and loaded, and what was measured.
///
/// Empty texts and nil stand for what the source does not say.
public struct BenchmarkPoint: Sendable, Equatable {
  /// How requests were offered.
  public enum Load: String, CaseIterable, Sendable {
    /// A fixed number of requests in flight.
    case closedLoop = "closed_loop"
    /// All requests at time 0.
    case offline
    /// Poisson arrivals.
    case server
  }

  /// Whether one pool does everything.
  public enum Mode: String, CaseIterable, Sendable {
    /// Prefill and decode in the same replicas.
    case aggregated = "agg"
    /// Prefill and decode in pools of their own.
    case disaggregated = "disagg"
  }

  /// One pool of a disaggregated deployment.
  public struct Pool: Sendable, Equatable {
    /// Replicas.
    public var workers: Int?
    /// Tensor parallelism of a replica.
    public var tensor: Int?
    /// Expert parallelism of a replica.
    public var expert: Int?
    /// Attention groups of a replica.
    public var attentionData: Int?
    /// Largest batch.
    public var batch: Int?
  }

  /// Name, unique in a file.
  public var id: String
  /// Benchmark that it belongs to.
  public var suite: String
  /// Who measured it where.
  public var source: String
  /// When it was measured, as the source says it.
  public var date: String
  /// System by catalogue id.
  public var system: String
  /// Accelerators of the whole deployment, >= 1.
  public var accelerators: Int
  /// Serving framework.
  public var framework: String
  /// Its version.
  public var frameworkVersion: String
  /// Model by catalogue id or Hugging Face id.
  public var model: String
  /// Format of the weights.
  public var weights: String
  /// Format of the KV cache.
  public var keyValueCache: String
  /// Aggregated or disaggregated.
  public var mode: Mode
  /// Tensor parallelism.
  public var tensor: Int?
  /// Pipeline stages.
  public var pipeline: Int?
  /// Expert parallelism.
  public var expert: Int?
  /// Attention groups.
  public var attentionData: Int?
  /// Replicas.
  public var replicas: Int?
  /// Prefill pool of a disaggregated deployment.
  public var prefill: Pool
  /// Decode pool of a disaggregated deployment.
  public var decode: Pool
  /// How requests were offered.
  public var load: Load?
  /// Requests in flight of a closed loop; sources that state a mean give a fraction.
  public var concurrency: Double?
  /// Requests a second of a server load.
  public var requestRate: Double?
  /// Requests of the run.
  public var requests: Int?
  /// Nominal (or mean) prompt length in tokens.
  public var inputTokens: Double?
  /// Nominal (or mean) answer length in tokens.
  public var outputTokens: Double?
  /// Length distribution by name.
  public var lengths: String
  /// Requests that may run at once.
  public var maximumBatchSize: Int?
  /// Tokens in one step.
  public var maximumBatchTokens: Int?
  /// Power limit of one accelerator in watts, where it was lowered.
  public var powerCapWatts: Double?
  /// What was measured.
  public var measured: ColumnValues
  /// What the reader should know.
  public var notes: String
  /// `fit`, `test` or, of checks against theory, `theory`; empty where it is not known.
  public var split: String
  /// What cleaning found doubtful: `non_monotone`, `disagrees_elsewhere`; empty where nothing.
  public var flag = ""
  /// Whether the run is suspected of speculative decoding that no label states.
  public var isSpeculationSuspected = false

  /// The throughput that mean latencies of a closed loop imply, in output tokens a second and accelerator.
  ///
  /// C · OSL / (TTFT + TPOT · (OSL − 1)) / accelerators with the nominal OSL, the same formula for measured and
  /// predicted latencies.
  /// - Returns: nil where the point is no closed loop or a figure is not known.
  public func derivedThroughput(ttftSeconds: Double?, tpotSeconds: Double?) -> Double? {
    guard load == .closedLoop, let concurrency, let outputTokens, let ttftSeconds, let tpotSeconds else {
      return nil
    }
    let seconds = ttftSeconds + tpotSeconds * (outputTokens - 1)
    return seconds > 0 ? concurrency * outputTokens / seconds / Double(accelerators) : nil
  }
}
