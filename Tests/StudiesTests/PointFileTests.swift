import Documents
import Foundation
import Testing

@testable import Studies

@Suite struct PointFileTests {
  private static let header = "id,suite,system,accelerators,model,load,concurrency,isl,osl,tpot_mean_s\n"

  private func messages(_ text: String) -> [String] {
    do throws(Problems) {
      _ = try PointFile.parse(text: text, file: "points.csv")
      return []
    } catch {
      return error.all.map(\.description)
    }
  }

  @Test func aRow() throws {
    let points = try PointFile.parse(
      text:
        "id,system,accelerators,model,weights,mode,tp,ep,load,concurrency,requests,colour,ttft_mean_s,notes\n"
        + "a,h100-sxm,8,llama-3.1-70b,fp8,agg,4,0,closed_loop,15.99,1.00762e+06,blue,0.25,\"one, \"\"two\"\"\nthree\"\n",
      file: "points.csv")
    let point = try #require(points.first)
    #expect(points.count == 1)
    #expect(point.id == "a" && point.system == "h100-sxm" && point.accelerators == 8)
    #expect(point.tensor == 4)
    // 0 and nothing both mean that the source does not say.
    #expect(point.expert == nil && point.pipeline == nil)
    #expect(point.load == .closedLoop && point.concurrency == 15.99 && point.requests == 1_007_620)
    #expect(point.measured[.ttftMean] == 0.25 && point.measured[.tpotMean] == nil)
    #expect(point.measured.columns == [.ttftMean])
    #expect(point.notes == "one, \"two\"\nthree")
  }

  @Test func lineEndsAndByteOrderMark() throws {
    let text = "\u{FEFF}" + Self.header + "a,x,s,1,m,offline,,,,0.1\r\n\r\nb,x,s,1,m,offline,,,,0.2"
    let points = try PointFile.parse(text: text.replacing("0.1\r\n", with: "0.1\r\n"), file: "points.csv")
    #expect(points.map(\.id) == ["a", "b"])
    #expect(points.map { $0.measured[.tpotMean] } == [0.1, 0.2])
  }

  /// Every bad row of a file is reported at once, each with its line.
  @Test func everyBadRow() {
    let rows = [
      "a,x,h100-sxm,8,m,closed_loop,4,1024,1024,0.01",
      "b,x,h100-sxm,8,m,closed-loop,4,1024,1024,0.01",
      "c,x,h100-sxm,eight,m,offline,4,1024,1024,0.01",
      "a,x,,8,m,offline,4,1024,1024,-0.01",
      "d,x,h100-sxm,8,m,offline",
      "e,x,h100-sxm,0,m,offline,nan,1024,1024,",
      "f,x,h1\"00,8,m,offline,4,1024,1024,0.01",
      "\"g\"h,x,h100,8,m,offline,4,1024,1024,0.01",
      "i,x,h100-sxm,8,m,offline,4,1024,1024,\"0.01",
    ]
    #expect(
      messages(Self.header + rows.joined(separator: "\n")) == [
        "points.csv:3: load: found 'closed-loop', is not known; allowed: closed_loop, offline, server; did you mean 'closed_loop'?",
        "points.csv:4: accelerators: found 'eight', is no count; allowed: a whole number from 0",
        "points.csv:5: tpot_mean_s: found '-0.01', is no such figure; allowed: a number above 0, or nothing",
        "points.csv:5: system: must not be empty",
        "points.csv:5: id: found 'a', is the id of line 2 as well; allowed: a name for each row",
        "points.csv:6: found 6 fields, not as many as the header has; allowed: 10",
        "points.csv:7: accelerators: found '0', must be known; allowed: a whole number from 1",
        "points.csv:7: concurrency: found 'nan', is no such figure; allowed: a number above 0, or nothing",
        "points.csv:8: a quote inside a field; allowed: the whole field in quotes, each quote in it doubled",
        "points.csv:9: text after the closing quote of a field; allowed: a comma or the end of the line",
        "points.csv:10: a quoted field is not closed; allowed: a quote at its end",
      ])
  }

  @Test func aBadHeader() {
    #expect(
      messages("id,system,model,id\n") == [
        "points.csv:1: no column 'accelerators'; allowed: a header with at least id, system, accelerators, model",
        "points.csv:1: two columns are named 'id'",
        "points.csv:1: no column with anything measured; allowed: one or more of ttft_mean_s, ttft_p50_s, "
          + "ttft_p99_s, tpot_mean_s, tpot_p50_s, tpot_p99_s, output_tokens_per_s, output_tokens_per_s_per_gpu, "
          + "requests_per_s, gpu_power_w, node_power_w, gpu_j_per_output_token",
      ])
    #expect(messages("") == ["points.csv: is empty, a header and rows are needed"])
    #expect(messages(Self.header) == ["points.csv: has a header but no rows"])
  }

  @Test func noSuchFile() {
    #expect(throws: Problems(Problem(file: "nowhere.csv", message: "no such file"))) {
      try PointFile.read(path: "nowhere.csv")
    }
  }
}
