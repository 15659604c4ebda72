/// A figure that benchmarks report and predictions are compared with.
public enum MeasuredColumn: String, CaseIterable, Sendable {
  /// Mean time to first token in seconds.
  case ttftMean = "ttft_mean_s"
  /// Median time to first token in seconds.
  case ttftMedian = "ttft_p50_s"
  /// 99th percentile of the time to first token in seconds.
  case ttftP99 = "ttft_p99_s"
  /// Mean time per output token in seconds.
  case tpotMean = "tpot_mean_s"
  /// Median time per output token in seconds.
  case tpotMedian = "tpot_p50_s"
  /// 99th percentile of the time per output token in seconds.
  case tpotP99 = "tpot_p99_s"
  /// Output tokens each second of the whole system.
  case outputTokensPerSecond = "output_tokens_per_s"
  /// Output tokens each second of one accelerator.
  case outputTokensPerSecondPerGPU = "output_tokens_per_s_per_gpu"
  /// Requests each second of the whole system.
  case requestsPerSecond = "requests_per_s"
  /// Mean power of one accelerator in watts.
  case gpuPower = "gpu_power_w"
  /// Mean power of all servers in watts, at the wall.
  case nodePower = "node_power_w"
  /// Joules of the accelerators for each output token.
  case gpuJoulesPerOutputToken = "gpu_j_per_output_token"
  /// C · OSL / (TTFT + TPOT · (OSL − 1)) / accelerators, from the means of either side; not in files.
  case derivedThroughput = "derived_output_tokens_per_s_per_gpu"
  /// The derived throughput where the predicted sweep has the measured interactivity; not in files.
  case throughputAtEqualInteractivity = "output_tokens_per_s_per_gpu_at_equal_interactivity"
  /// Seconds of a measured kernel, of suite `kernels`; not in files.
  case kernelSeconds = "kernel_s"
  /// Mean time in the queue in seconds, of queueing theory; not in files.
  case meanWait = "mean_wait_s"
  /// Mean time from arrival to last token in seconds, of queueing theory; not in files.
  case meanSojourn = "mean_sojourn_s"
  /// Mean time from arrival to last token in seconds, of simulations that estimates are held against; not in files.
  case endToEndMean = "e2e_mean_s"
  /// The most requests each second, likewise; not in files.
  case capacity = "capacity_requests_per_s"

  /// The columns that a file of points may hold, in their order.
  public static let inFiles: [MeasuredColumn] = [
    .ttftMean, .ttftMedian, .ttftP99, .tpotMean, .tpotMedian, .tpotP99, .outputTokensPerSecond,
    .outputTokensPerSecondPerGPU, .requestsPerSecond, .gpuPower, .nodePower, .gpuJoulesPerOutputToken,
  ]

  var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// A value for some of the columns.
public struct ColumnValues: Sendable, Equatable {
  private var values: [Double?] = Array(repeating: nil, count: MeasuredColumn.allCases.count)

  /// No values.
  public init() {}

  /// The value of a column in its unit; nil where it is not known.
  public subscript(column: MeasuredColumn) -> Double? {
    get { values[column.index] }
    set { values[column.index] = newValue }
  }

  /// The columns with a value, in order.
  public var columns: [MeasuredColumn] { MeasuredColumn.allCases.filter { self[$0] != nil } }
}
