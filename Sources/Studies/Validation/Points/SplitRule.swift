import Documents
import Foundation

/// Which half of the data a point belongs to: nothing is fitted on `test`.
///
/// The half is a matter of the configuration, everything but the load, so that a sweep stays whole.
/// `calibration/splits` defines both: an InferenceX configuration is `fit` when the SHA-256 of its key is listed there;
/// of the other suites it is when that hash, read as a number, is even.
public struct SplitRule: Sendable {
  /// Hashes of the InferenceX configurations that may be fitted on; nil where the list is not at hand.
  private let fitHashes: Set<String>?

  /// The list of hashes beside the calibration.
  public static let defaultPath = "calibration/splits/inferencex-fit-configurations.txt"

  /// A rule with a list of hashes.
  init(fitHashes: Set<String>?) { self.fitHashes = fitHashes }

  /// The rule of a list on disk: a hash a line, `#` begins a comment.
  ///
  /// Without the file InferenceX points belong to no half.
  public init(listAt path: String) {
    let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    fitHashes = text.map { text in
      Set(text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }.map { String($0) })
    }
  }

  /// `fit` or `test`; empty where that is not known.
  public func split(of point: BenchmarkPoint) -> String {
    guard !point.suite.isEmpty else { return "" }
    let hash = SHA256.hex(point.configurationKey)
    if point.suite == Suite.inferencex.rawValue {
      return fitHashes.map { $0.contains(hash) ? "fit" : "test" } ?? ""
    }
    let isEven = hash.last.flatMap(\.hexDigitValue).map { $0.isMultiple(of: 2) } ?? false
    return isEven ? "fit" : "test"
  }
}

extension BenchmarkPoint {
  /// What makes a configuration, joined by `|`: points that differ in the load only have the same key.
  ///
  /// MLPerf and ML.ENERGY results on one system with one model are near copies of each other, whoever submitted them:
  /// there only suite, system and model count.
  public var configurationKey: String {
    let system = Self.systemAliases[system] ?? system
    guard suite != Suite.mlperf.rawValue, suite != Suite.mlenergy.rawValue else {
      return [suite, system, model].joined(separator: "|")
    }
    func plain(_ count: Int?) -> String { count.map(String.init) ?? "" }
    func plain(_ number: Double?) -> String {
      number.map { $0 == $0.rounded() ? String(Int($0)) : "\($0)" } ?? ""
    }
    // An unstated degree of parallelism of an aggregated engine is 1.
    func degree(_ count: Int?) -> String { mode == .aggregated ? String(count ?? 1) : plain(count) }
    return [
      suite, system, framework, frameworkVersion, model, weights.isEmpty ? "bf16" : weights, mode.rawValue,
      plain(inputTokens), plain(outputTokens), lengths, degree(tensor), degree(pipeline), degree(expert),
      degree(attentionData), plain(prefill.workers), plain(prefill.tensor), plain(prefill.expert),
      plain(prefill.attentionData), plain(decode.workers), plain(decode.tensor), plain(decode.expert),
      plain(decode.attentionData),
    ].joined(separator: "|")
  }

  /// Names of systems in published points that the catalogue knows by another.
  static let systemAliases = ["rtx-pro-6000-server": "rtx-pro-6000"]
}
