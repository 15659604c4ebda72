import Documents
import Foundation
import Workload

/// Reads a user's table of lengths: rows `value,count` under that header, or one length a line.
enum LengthTable {
  private static let mostProblems = 20

  /// The table; nil after recording what is wrong with each line.
  static func read(path: String, field: Field, problems: ProblemCollector) -> EmpiricalLengths? {
    guard let data = FileManager.default.contents(atPath: path),
      let text = String(data: data, encoding: .utf8)
    else {
      let exists = FileManager.default.fileExists(atPath: path)
      field.reject(exists ? "can't be read as text" : "no such file")
      return nil
    }
    var samples: [Int32: UInt32] = [:]
    var hasCounts = false
    var found = 0
    func wrong(_ line: Int, _ row: Substring, _ allowed: String) {
      found += 1
      guard found <= mostProblems else { return }
      problems.record(
        Problem(
          file: path, line: line, found: "'\(row)'", message: "not a length of the table", allowed: allowed))
    }
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let row = line.filter { $0 != "\r" && $0 != " " }[...]
      if row.isEmpty || row.hasPrefix("#") { continue }
      if samples.isEmpty, found == 0, ["value,count", "value", "tokens", "length"].contains(row.lowercased())
      {
        hasCounts = row.contains(",")
        continue
      }
      let cells = row.split(separator: ",", omittingEmptySubsequences: false)
      let count = hasCounts && cells.count == 2 ? UInt32(cells[1]) : hasCounts ? nil : 1
      guard cells.count == (hasCounts ? 2 : 1), let length = Int32(cells[0]), length >= 1, let count,
        count >= 1
      else {
        wrong(
          index + 1, row,
          hasCounts
            ? "a length and a count, both whole numbers from 1"
            : "a whole number from 1, or 'value,count' as header")
        continue
      }
      samples[length, default: 0] += count
    }
    if found > mostProblems {
      problems.record(Problem(file: path, message: "and \(found - mostProblems) more problems"))
    }
    guard found == 0 else { return nil }
    let values = samples.keys.sorted()
    let table = EmpiricalLengths(values: values, counts: values.map { samples[$0] ?? 1 })
    if table == nil { field.reject("the file holds no lengths") }
    return table
  }
}
