import Foundation
import Testing
import Workload

/// The published traces, which are not part of the project: read where they lie beside it.
@Suite struct PublishedTraceTests {
  static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("shared/data/traces")

  static func isPresent(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
  }

  @Test(
    "Azure's traces have the rows, means and span that were counted apart",
    .enabled(if: isPresent("azure-2023-code.csv"), "../shared/data/traces is not there"),
    arguments: [
      ("conversation", 19_366, 1154.6974, 211.1259, 3_501_721_937_000),
      ("code", 8_819, 2047.8483, 27.8825, 3_435_948_056_000),
    ])
  func azure(kind: String, rows: Int, meanInput: Double, meanOutput: Double, span: Int64) throws {
    let path = Self.folder.appendingPathComponent("azure-2023-\(kind).csv").path
    let trace = try TraceReader().read(path: path)
    #expect(trace.count == rows)
    #expect(abs(trace.lengths.meanInput - meanInput) < 1e-4)
    #expect(abs(trace.lengths.meanOutput - meanOutput) < 1e-4)
    #expect(trace.arrivalsNanoseconds.first == 0)
    #expect(trace.arrivalsNanoseconds.last == span)
    #expect(trace.arrivals.problems() == [])
  }

  @Test(
    "Mooncake's traces have the rows, means and blocks that were counted apart",
    .enabled(if: isPresent("mooncake-synthetic.jsonl"), "../shared/data/traces is not there"),
    arguments: [
      ("conversation", 12_031, 12_035.0613, 342.6189, 288_500, 182_789),
      ("synthetic", 3_993, 15_325.4766, 149.1190, 121_877, 43_923),
    ])
  func mooncake(
    kind: String, rows: Int, meanInput: Double, meanOutput: Double, blocks: Int, greatestHash: UInt64
  ) throws {
    let path = Self.folder.appendingPathComponent("mooncake-\(kind).jsonl").path
    let trace = try TraceReader().read(path: path)
    #expect(trace.count == rows)
    #expect(abs(trace.lengths.meanInput - meanInput) < 1e-4)
    #expect(abs(trace.lengths.meanOutput - meanOutput) < 1e-4)
    #expect(trace.blockHashes.count == blocks)
    #expect(trace.blockHashes.max() == greatestHash)
    #expect(trace.blockHashes(ofRequest: rows - 1).last == greatestHash)
  }
}
