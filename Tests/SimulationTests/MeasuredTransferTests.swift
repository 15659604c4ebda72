import Foundation
import Testing

@testable import Simulation

private let measuredPath = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("shared/data/links/kv-transfer-measurements.csv").path

/// What was published of KV transfers, against the rates that hand-offs use.
@Suite("Measured KV transfers")
struct MeasuredTransferTests {
  /// A row of the file that a transport stands for.
  struct Claim: Sendable, CustomTestStringConvertible {
    let kind: KVTransferRate.Kind
    /// What names the row: accelerator, metric, unit and kind of link.
    let row: [String]
    /// Which of the row's figures, in order.
    var figure = 0
    /// Tokens of a page; nil: one descriptor.
    var pageTokens: Double?
    var testDescription: String { "\(kind.rawValue): \(row.joined(separator: ", ")) [\(figure)]" }
  }

  static let claims: [Claim] = [
    Claim(kind: .nixlNVLinkGB200, row: ["GB200", "bulk single descriptor", "GB/s per GPU pair"]),
    Claim(
      kind: .nixlNVLinkGB200, row: ["GB200", "paged 64-token pages", "GB/s per GPU pair", "MNNVL"],
      pageTokens: 64),
    Claim(kind: .nixlRailsGB200, row: ["GB200", "bulk", "GB/s per GPU pair", "4-rail IB"]),
    Claim(
      kind: .nixlRailsGB200, row: ["GB200", "paged 64-token pages", "GB/s per GPU pair", "IB rails"],
      pageTokens: 64),
    Claim(kind: .nixlServedGB200, row: ["GB200", "throughput min-max; mean", "GB/s"], figure: 1),
    Claim(kind: .nixlH200, row: ["H200", "bulk; paged-64; paged-16"]),
    Claim(kind: .nixlH200, row: ["H200", "bulk; paged-64; paged-16"], figure: 1, pageTokens: 64),
    Claim(kind: .nixlH200, row: ["H200", "bulk; paged-64; paged-16"], figure: 2, pageTokens: 16),
    Claim(kind: .moriMI355X, row: ["MI355X", "paged, library defaults qp=1"], pageTokens: 64),
    Claim(kind: .mooncakeMI355X, row: ["MI355X", "bulk", "Mooncake (AMD atom-dev, WRITE only)"]),
    Claim(kind: .nixlTCPMI355X, row: ["MI355X", "bulk", "NIXL/UCX fallback TCP"]),
  ]

  @Test(
    "rates of transports lie in what was measured",
    .enabled(if: FileManager.default.fileExists(atPath: measuredPath), "../shared/data/links is not there"),
    arguments: claims)
  func reproduced(claim: Claim) throws {
    let rows = try Self.rows().filter { row in claim.row.allSatisfy(row.contains) }
    try #require(rows.count == 1, "\(rows)")
    let figures = rows[0][4].components(separatedBy: "; ")
    let ends = figures[claim.figure].components(separatedBy: "-").compactMap(Double.init)
    let low = try #require(ends.first)
    let high = try #require(ends.last)
    // The benchmark's two presets at 16 bits: 704 and 1,024 values a token and layer.
    for values in [704.0, 1024] {
      let page = claim.pageTokens.map { $0 * values * 2 } ?? 1e12
      let rate = KVTransferRate.cap(claim.kind, pageBytes: page) / 1e9
      #expect(rate > low * 0.9999 && rate < high * 1.0001, "\(rate) GB/s, measured \(figures[claim.figure])")
    }
  }

  @Test(
    "seconds to post a descriptor are those measured",
    .enabled(if: FileManager.default.fileExists(atPath: measuredPath), "../shared/data/links is not there"))
  func floors() throws {
    let floors: [(String, KVTransferRate.Kind)] = [
      ("Grace (NIXL)", .nixlRailsGB200), ("Mooncake batch path", .mooncakeMI355X),
      ("GB200 mnnvl cuda_ipc copy", .nixlNVLinkGB200),
    ]
    let rows = try Self.rows()
    for (name, kind) in floors {
      let row = try #require(rows.first { $0.contains(name) && $0.contains("per-descriptor floor") })
      let microseconds = try #require(Double(row[4]))
      #expect(abs(KVTransferRate.of(kind).postingSecondsPerPage - microseconds * 1e-6) < 1e-12)
    }
  }

  /// The rows on KV transfers, field by field.
  private static func rows() throws -> [[String]] {
    let text = try String(contentsOfFile: measuredPath, encoding: .utf8)
    return text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("kv_transfer,") }.map { line in
      var fields = [""]
      var isQuoted = false
      for character in line {
        if character == "\"" {
          isQuoted.toggle()
        } else if character == ",", !isQuoted {
          fields.append("")
        } else {
          fields[fields.count - 1].append(character)
        }
      }
      return fields
    }
  }
}
