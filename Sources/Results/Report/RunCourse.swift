import Simulation

/// What the whole site did over a run, in equal stretches of time.
public struct RunCourse: Sendable, Equatable {
  /// Stretches that a course has at most.
  public static let mostCells = 40
  /// Fewer buckets than this make no course.
  static let fewestBuckets = 8

  /// A figure over time.
  public struct Figure: Sendable, Equatable {
    /// What a reader calls it.
    public var name: String
    /// Whether it is in watts.
    public var isPower = false
    /// Its mean in each stretch.
    public var values: [Double]
  }

  /// The length of the run in seconds.
  public let seconds: Double
  /// The figures.
  public let figures: [Figure]

  /// The course of a run; nil of one that is too short to have any.
  ///
  /// - Parameters:
  ///   - observations: those of all deployments.
  ///   - makesText: whether tokens count; else requests that are done do.
  ///   - nanoseconds: the length of the run.
  ///   - itWatts: what IT draws where accelerators draw so many watts above idle.
  init?(
    _ observations: Observations, makesText: Bool, nanoseconds: Int64, itWatts: (Double) -> Double
  ) {
    let series = observations.series
    let width = series.widthNanoseconds
    let buckets = series.buckets.prefix(Int((max(nanoseconds, 0) + width - 1) / width))
    guard buckets.count >= Self.fewestBuckets else { return nil }
    seconds = Double(nanoseconds) * 1e-9
    let cells = Self.Cells(buckets: buckets.count, width: width, length: nanoseconds)
    var waiting = observations.waitingAtOrigin
    var flying = observations.inFlightAtOrigin
    var levels: [(waiting: Double, flying: Double)] = []
    for bucket in buckets {
      waiting += bucket.arrived - bucket.dequeued
      flying += bucket.arrived - bucket.ended
      levels.append((Double(waiting), Double(flying)))
    }
    var figures = [
      Figure(
        name: makesText ? "output tokens/s" : "images/s",
        values: cells.rates(buckets.map { Double(makesText ? $0.outputTokens : $0.completed) })),
      Figure(name: "in flight", values: cells.means(levels.map(\.flying))),
    ]
    if levels.contains(where: { $0.waiting > 0 }) {
      figures.append(Figure(name: "  waiting", values: cells.means(levels.map(\.waiting))))
    }
    let above = cells.rates(buckets.map { Double($0.microjoulesAboveIdle) * 1e-6 })
    figures.append(Figure(name: "IT power", isPower: true, values: above.map(itWatts)))
    self.figures = figures
  }

  /// Buckets of a series, the last one cut off at the end of the run, laid over equal cells.
  private struct Cells {
    let count: Int
    private let seconds: Double
    private let parts: [[(bucket: Int, share: Double)]]
    private let bucketSeconds: [Double]

    init(buckets: Int, width: Int64, length: Int64) {
      let count = min(RunCourse.mostCells, buckets)
      let ends = (0..<buckets).map { (start: Int64($0) * width, end: min(Int64($0 + 1) * width, length)) }
      let size = Double(length) / Double(count)
      parts = (0..<count).map { cell in
        let (start, end) = (Double(cell) * size, Double(cell + 1) * size)
        return ends.indices.compactMap { index in
          let overlap = min(end, Double(ends[index].end)) - max(start, Double(ends[index].start))
          let whole = Double(ends[index].end - ends[index].start)
          return overlap > 0 && whole > 0 ? (index, overlap / whole) : nil
        }
      }
      bucketSeconds = ends.map { Double($0.end - $0.start) * 1e-9 }
      self.count = count
      seconds = size * 1e-9
    }

    /// Amounts of buckets for each second of a cell.
    func rates(_ amounts: [Double]) -> [Double] {
      parts.map { $0.reduce(0) { $0 + amounts[$1.bucket] * $1.share } / seconds }
    }

    /// Means of the levels of buckets.
    func means(_ levels: [Double]) -> [Double] { rates(zip(levels, bucketSeconds).map { $0 * $1 }) }
  }
}
