import Documents
import Foundation

/// The headline figures of accuracy by version: the file that a page of accuracy compares itself with.
public struct AccuracyHistory: Sendable, Equatable, Codable {
  /// One figure's errors over one part of the points.
  public struct Figure: Sendable, Equatable, Codable {
    /// Benchmark, mode, half and column: `inferencex agg test tpot_mean_s`.
    public var name: String
    /// Rows with a measured value.
    public var rows: Int
    /// Rows with a prediction.
    public var predicted: Int
    /// Median of |predicted / measured − 1| in percent; nil without predictions, as all that follow.
    public var medianPercent: Double?
    /// 90th percentile of the same in percent.
    public var p90Percent: Double?
    /// Median of predicted / measured.
    public var bias: Double?
    /// Share of measured values inside the intervals, in 0...1.
    public var intervalCoverage: Double?

    enum CodingKeys: String, CodingKey {
      case name, rows
      case predicted = "rows_predicted"
      case medianPercent = "median_ape_percent"
      case p90Percent = "p90_ape_percent"
      case bias = "bias_ratio"
      case intervalCoverage = "interval_coverage"
    }

    init(name: String, _ statistics: ErrorStatistics) {
      func digits(_ value: Double?, _ scale: Double) -> Double? {
        value.map { ($0 * scale).rounded() / scale }
      }
      self.name = name
      rows = statistics.rows
      predicted = statistics.predicted
      medianPercent = digits(statistics.medianAPE.map { $0 * 100 }, 100)
      p90Percent = digits(statistics.p90APE.map { $0 * 100 }, 100)
      bias = digits(statistics.bias, 1e4)
      intervalCoverage = digits(statistics.intervalCoverage, 1e4)
    }
  }

  /// The figures of one version.
  public struct Entry: Sendable, Equatable, Codable {
    /// What the version is called.
    public var label: String
    /// Its figures, in the order of the page.
    public var figures: [Figure]
  }

  /// Version of the file's form.
  public var version = 1
  /// The versions, oldest first.
  public var entries: [Entry] = []

  /// No versions.
  public init() {}

  /// Reads a file, which has no versions where it is not there; throws where it is no history.
  public static func read(path: String) throws(Problems) -> AccuracyHistory {
    guard let data = FileManager.default.contents(atPath: path), !data.isEmpty else {
      return AccuracyHistory()
    }
    let found: AccuracyHistory
    do {
      found = try JSONDecoder().decode(AccuracyHistory.self, from: data)
    } catch {
      throw Problems(Problem(file: path, message: "is no history of accuracy: \(error)"))
    }
    guard found.version == 1 else {
      throw Problems(
        Problem(
          file: path, path: "version", found: "\(found.version)", message: "is not known", allowed: "1"))
    }
    return found
  }

  /// The last version before one that is called `label`; nil where there is none.
  func previous(to label: String) -> Entry? { entries.last { $0.label != label } }

  /// The history with the figures of a version, in place of what it had before.
  public func adding(_ entry: Entry) -> AccuracyHistory {
    var history = self
    history.entries.removeAll { $0.label == entry.label }
    history.entries.append(entry)
    return history
  }

  /// The file's text.
  public var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("a figure with no number") }
    return String(decoding: data, as: UTF8.self) + "\n"
  }
}
