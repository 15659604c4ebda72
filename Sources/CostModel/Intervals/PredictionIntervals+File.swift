import Documents
import Foundation

extension PredictionIntervals {
  /// Reads a file of intervals; throws where it is none, or of a version that this code doesn't know.
  public static func decode(_ data: Data, file: String) throws(Problems) -> PredictionIntervals {
    let found: PredictionIntervals
    do {
      found = try JSONDecoder().decode(PredictionIntervals.self, from: data)
    } catch {
      throw Problems(Problem(file: file, message: "is not a file of intervals: \(error)"))
    }
    guard found.version == currentVersion else {
      throw Problems(
        Problem(
          file: file, path: "version", found: "\(found.version)", message: "is not known",
          allowed: "\(currentVersion)", hint: "tokenmill validate --write-intervals writes it anew"))
    }
    let broken = found.bands.first { !($0.low > 0 && $0.low <= $0.high && $0.high.isFinite) }
    if let broken {
      throw Problems(
        Problem(
          file: file, path: "bands", found: "\(broken.low) to \(broken.high)",
          message: "is no range of ratios"))
    }
    return found
  }

  /// The file's text: the same for the same intervals, a band a line.
  public var text: String {
    func line<Value: Encodable>(_ value: Value) -> String {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      guard let data = try? encoder.encode(value) else { preconditionFailure("an interval with no number") }
      return String(decoding: data, as: UTF8.self)
    }
    return """
      {
        "version": \(version),
        "provenance": \(line(provenance)),
        "low_quantile": \(lowQuantile),
        "high_quantile": \(highQuantile),
        "folds": \(folds),
        "widening": \(line(widening)),
        "bands": [
      \(bands.map { "    " + line($0) }.joined(separator: ",\n"))
        ]
      }

      """
  }
}
