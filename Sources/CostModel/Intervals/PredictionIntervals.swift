/// How far measured runs lie from their predictions, by what the predictions rest on: the file `intervals.json`.
///
/// A band is a range of measured / predicted that eight of ten runs of a class fall into. `tokenmill validate
/// --write-intervals` derives the bands, without a look at `test` points.
public struct PredictionIntervals: Sendable, Equatable, Codable {
  /// A group of figures whose errors are alike.
  public enum Figure: String, Sendable, CaseIterable, Codable {
    /// Time to first token, mean and median.
    case ttft
    /// Time per output token, mean and median.
    case tpot
    /// Output tokens each second, of a system or of an accelerator.
    case throughput
    /// Mean power of an accelerator.
    case power
  }

  /// How many requests a replica works on at a time.
  public enum LoadRegion: String, Sendable, CaseIterable, Codable {
    /// Up to 8.
    case low = "1-8"
    /// 9 to 64.
    case middle = "9-64"
    /// More.
    case high = "65-"

    /// The region of a mean number of requests in flight on a replica, waiting ones included.
    public init(requestsInFlight: Double) {
      self = requestsInFlight < 8.5 ? .low : requestsInFlight < 64.5 ? .middle : .high
    }
  }

  /// The band of one class of predictions.
  public struct Band: Sendable, Equatable, Codable {
    /// The figures.
    public var figure: Figure
    /// The framework by its name in scenarios; nil for all together.
    public var framework: String?
    /// The load; nil for all together.
    public var load: LoadRegion?
    /// What the kernels' costs rest on; nil for all together.
    public var evidence: Provenance?
    /// Measured runs of the class.
    public var rows: Int
    /// Measured / predicted that a tenth of the runs fall short of.
    public var low: Double
    /// Measured / predicted that a tenth of the runs exceed.
    public var high: Double

    /// A band from its parts.
    public init(
      figure: Figure, framework: String?, load: LoadRegion?, evidence: Provenance?, rows: Int, low: Double,
      high: Double
    ) {
      self.figure = figure
      self.framework = framework
      self.load = load
      self.evidence = evidence
      self.rows = rows
      self.low = low
      self.high = high
    }

    /// Where the measured value of a prediction is expected.
    public func interval(around predicted: Double) -> ClosedRange<Double> {
      predicted * low...predicted * high
    }
  }

  /// The version of the file's form that this code reads.
  public static let currentVersion = 1
  /// The least rows of a class; a smaller one takes the band of a wider class.
  public static let leastRows = 30

  /// Version of the file's form.
  public var version: Int
  /// How the bands were derived, for people.
  public var provenance: [String]
  /// The share of runs below `low`.
  public var lowQuantile: Double
  /// The share of runs below `high`.
  public var highQuantile: Double
  /// Parts that the fitted configurations were split into, 0 where there were none.
  ///
  /// With parts every residual is of a fit without its own part.
  public var folds: Int
  /// What the bands' distances from their medians, in logarithms, were multiplied by, for each group of figures.
  public var widening: [String: Double]
  /// The bands, in a fixed order.
  public var bands: [Band]

  /// No bands: predictions carry no intervals.
  public static let none = PredictionIntervals(provenance: [], folds: 0, widening: [:], bands: [])

  /// Intervals of the current version, from the 10 % to the 90 % quantile.
  public init(provenance: [String], folds: Int, widening: [String: Double], bands: [Band]) {
    version = Self.currentVersion
    self.provenance = provenance
    lowQuantile = 0.1
    highQuantile = 0.9
    self.folds = folds
    self.widening = widening
    self.bands = bands
  }

  enum CodingKeys: String, CodingKey {
    case version, provenance, folds, widening, bands
    case lowQuantile = "low_quantile"
    case highQuantile = "high_quantile"
  }

  /// The band of the narrowest class that holds a prediction and has rows enough; nil where there is none.
  ///
  /// Classes get wider in this order: without the load, without the framework, without both, without the evidence.
  /// A framework that no run was measured with is at best as well known as transferred kernels.
  public func band(
    _ figure: Figure, framework: String, load: LoadRegion, evidence: Provenance
  ) -> Band? {
    let ofFigure = bands.filter { $0.figure == figure }
    let isKnown = ofFigure.contains { $0.framework == framework }
    let evidence = isKnown ? evidence : max(evidence, .transferred)
    let wider: [(framework: String?, load: LoadRegion?, evidence: Provenance?)] = [
      (framework, load, evidence), (framework, nil, evidence), (nil, load, evidence), (nil, nil, evidence),
      (nil, nil, nil),
    ]
    for names in wider {
      let found = ofFigure.first {
        $0.framework == names.framework && $0.load == names.load && $0.evidence == names.evidence
      }
      if let found { return found }
    }
    return nil
  }
}

extension ReplicaDesign {
  /// What the kernels' time rests on: the firmest ground that half of it stands on, or firmer.
  ///
  /// Only operators count whose kernels can be measured; a framework's own work is fitted to whole runs.
  public func evidence(of cost: CostVector) -> Provenance {
    let kernels: [CostLane] = [.gemm, .logits, .experts, .prefillAttention, .decodeAttention, .collective]
    var seconds: [Provenance: Double] = [:]
    for lane in kernels { seconds[provenance(of: lane), default: 0] += cost[lane] }
    let total = kernels.reduce(0) { $0 + cost[$1] }
    guard total > 0 else { return .prior }
    var sum = 0.0
    for provenance in Provenance.allCases {
      sum += seconds[provenance] ?? 0
      if sum >= total / 2 { return provenance }
    }
    return .prior
  }
}
