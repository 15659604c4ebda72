import Testing

@testable import Simulation

@Suite("Rates of KV transfers as measured")
struct KVTransferRateTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var kind: KVTransferRate.Kind
    /// nil: one descriptor.
    var pageBytes: Double?
    /// In GB/s.
    var range: ClosedRange<Double>
    var testDescription: String { "\(kind) \(pageBytes.map { "pages of \($0) bytes" } ?? "bulk") \(range)" }
  }

  /// Pages of `kv-mla` and `kv-gqa` at bf16, of 64 and of 16 tokens.
  static let rows: [Row] = [
    Row(kind: .nixlNVLinkGB200, range: 636...707),
    Row(kind: .nixlNVLinkGB200, pageBytes: 90_112, range: 19.5...34.3),
    Row(kind: .nixlNVLinkGB200, pageBytes: 131_072, range: 19.5...34.3),
    Row(kind: .nixlRailsGB200, range: 89.7...89.9),
    Row(kind: .nixlRailsGB200, pageBytes: 90_112, range: 74.6...85.0),
    Row(kind: .nixlRailsGB200, pageBytes: 131_072, range: 74.6...85.0),
    Row(kind: .nixlServedGB200, range: 13...43),
    Row(kind: .nixlServedGB200, range: 7.6...42.8),
    Row(kind: .nixlUnregisteredGB200, range: 0.01468...0.02622),
    Row(kind: .nixlH200, range: 43.3...43.5),
    Row(kind: .nixlH200, pageBytes: 90_112, range: 32...36),
    Row(kind: .nixlH200, pageBytes: 131_072, range: 32...36),
    Row(kind: .nixlH200, pageBytes: 22_528, range: 9.2...16.2),
    Row(kind: .nixlH200, pageBytes: 32_768, range: 9.2...16.2),
    Row(kind: .moriMI355X, pageBytes: 90_112, range: 24...25),
    Row(kind: .moriMI355X, pageBytes: 22_528, range: 24...25),
    Row(kind: .mooncakeMI355X, range: 30.7...33.6),
    Row(kind: .nixlTCPMI355X, range: 0.79...0.81),
  ]

  @Test("each row", arguments: rows)
  func row(row: Row) {
    let rate = KVTransferRate.cap(row.kind, pageBytes: row.pageBytes ?? 1e12) / 1e9
    #expect(row.range.contains(rate), "\(rate) GB/s")
    #expect(!KVTransferRate.of(row.kind).source.isEmpty)
  }

  /// The source says so of 16-token pages on rails.
  @Test("16-token pages reach 25 to 45 % of the rate of 64-token pages", arguments: [90_112.0, 131_072])
  func smallPages(pageBytes: Double) {
    for kind in [KVTransferRate.Kind.nixlRailsGB200, .nixlH200] {
      let ratio =
        KVTransferRate.cap(kind, pageBytes: pageBytes / 4) / KVTransferRate.cap(kind, pageBytes: pageBytes)
      #expect((0.25...0.45).contains(ratio), "\(kind): \(ratio)")
    }
  }

  @Test("a link caps every engine, larger pages are never slower", arguments: KVTransferRate.Kind.allCases)
  func laws(kind: KVTransferRate.Kind) {
    var last = 0.0
    for exponent in 8..<34 {
      let bytes = Double(1 << exponent)
      let rate = KVTransferRate.cap(kind, pageBytes: bytes)
      #expect(rate >= last)
      last = rate
      #expect(KVTransferRate.cap(kind, pageBytes: bytes, linkBytesPerSecond: 1e7) <= 1e7)
    }
  }
}
