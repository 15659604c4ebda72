import Documents
import Foundation

/// How far estimates were from full simulations on the grid of the suite `estimate`: the file `estimate.json`.
///
/// `tokenmill validate --write-estimate-errors` derives it. No measured run has a part in it.
public struct EstimateErrors: Sendable, Equatable, Codable {
  /// Errors of one figure under one kind of load.
  public struct Row: Sendable, Equatable, Codable {
    /// The figure by its path in the JSON summary: `latency_seconds.ttft.mean`.
    public var figure: String
    /// The load; nil for all together.
    public var load: String?
    /// Scenarios compared.
    public var rows: Int
    /// Median of |estimated / simulated − 1|, in percent.
    public var medianPercent: Double
    /// Its 90th percentile.
    public var p90Percent: Double
    /// Mean of estimated / simulated − 1, in percent.
    public var meanSignedPercent: Double

    enum CodingKeys: String, CodingKey {
      case figure, load, rows
      case medianPercent = "median_percent"
      case p90Percent = "p90_percent"
      case meanSignedPercent = "mean_signed_percent"
    }
  }

  /// The version of the file's form that this code reads.
  public static let currentVersion = 1

  /// Version of the file's form.
  public var version = currentVersion
  /// How the errors were found, for people.
  public var provenance: String
  /// The errors, figure by figure.
  public var rows: [Row]

  /// No errors are known.
  public static let none = EstimateErrors(provenance: "", rows: [])

  /// The errors that come with the package.
  public static let ofPackage: EstimateErrors = {
    let url = Bundle.module.bundleURL.appendingPathComponent("Errors/estimate.json")
    guard let data = try? Data(contentsOf: url), let found = try? JSONDecoder().decode(Self.self, from: data),
      found.version == currentVersion
    else {
      preconditionFailure("the package's errors of estimates can't be read: \(url.path)")
    }
    return found
  }()

  /// The error that nine of ten estimates of a figure under a load kept to, in percent; nil where none is known.
  ///
  /// Where the load has too few rows, that of all loads together.
  public func statedPercent(_ figure: String, load: EstimatedLoad) -> Double? {
    let ofFigure = rows.filter { $0.figure == figure }
    let own = ofFigure.first { $0.load == load.rawValue && $0.rows >= Self.leastRows }
    return (own ?? ofFigure.first { $0.load == nil })?.p90Percent
  }

  /// The least rows of a load for an error of its own.
  static let leastRows = 8

  /// The file's text: a row a line, the same for the same errors.
  public var text: String {
    let lines = rows.map { row in
      let value: JSONValue = [
        "figure": .string(row.figure), "load": row.load.map { .string($0) } ?? .null, "rows": .int(row.rows),
        "median_percent": .double(Self.rounded(row.medianPercent)),
        "p90_percent": .double(Self.rounded(row.p90Percent)),
        "mean_signed_percent": .double(Self.rounded(row.meanSignedPercent)),
      ]
      return "    " + value.text(indent: 0)
    }
    return """
      {
        "version": \(version),
        "provenance": \(JSONValue.string(provenance).text(indent: 0)),
        "rows": [
      \(lines.joined(separator: ",\n"))
        ]
      }

      """
  }

  private static func rounded(_ percent: Double) -> Double { (percent * 10).rounded() / 10 }
}
