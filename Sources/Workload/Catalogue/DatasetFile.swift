/// Why a table of lengths can't be read.
public struct DatasetError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The file.
  public let file: String
  /// The line, from 1; 0 for the file as a whole.
  public let line: Int
  /// What was found, and what is allowed.
  public let reason: String

  /// The file, the line and the reason.
  public var description: String { line > 0 ? "\(file):\(line): \(reason)" : "\(file): \(reason)" }
}

/// A table of lengths as its file has it: comment lines `# key: value`, the names of the columns, the rows.
struct DatasetFile {
  private let name: String
  private var header: [String: String] = [:]
  /// The names of the columns.
  private(set) var columns: [String] = []
  /// The numbers of each column.
  private(set) var cells: [[Int32]] = []

  /// Reads a file's text.
  init(name: String, text: String) throws(DatasetError) {
    self.name = name
    var number = 0
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      if line.isEmpty { continue }
      if line.hasPrefix("# ") {
        let parts = line.dropFirst(2).split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else {
          throw DatasetError(file: name, line: number, reason: "found '\(line)'; allowed: '# key: value'")
        }
        header[String(parts[0])] = String(parts[1].drop { $0 == " " })
      } else if columns.isEmpty {
        columns = line.split(separator: ",").map(String.init)
        cells = [[Int32]](repeating: [], count: columns.count)
      } else {
        let row = line.split(separator: ",", omittingEmptySubsequences: false).map { Int32($0) ?? 0 }
        guard row.count == columns.count, row.allSatisfy({ $0 >= 1 }) else {
          let allowed = "\(columns.count) whole numbers of 1 or more"
          throw DatasetError(file: name, line: number, reason: "found '\(line)'; allowed: \(allowed)")
        }
        for (column, cell) in row.enumerated() { cells[column].append(cell) }
      }
    }
  }

  /// A value of the header.
  func value(_ key: String) throws(DatasetError) -> String {
    guard let value = header[key] else {
      throw DatasetError(file: name, line: 0, reason: "'# \(key): …' is missing")
    }
    return value
  }

  /// The columns as a table of values and counts, whose mean is the header's.
  func lengths() throws(DatasetError) -> EmpiricalLengths {
    guard columns == ["value", "count"],
      let table = EmpiricalLengths(values: cells[0], counts: cells[1].map { UInt32($0) })
    else {
      throw DatasetError(
        file: name, line: 0, reason: "no table of lengths; allowed: columns value,count with ascending values"
      )
    }
    try check(table.mean, against: "mean")
    return table
  }

  /// The columns as a table of pairs and counts, whose means are the header's.
  func pairs() throws(DatasetError) -> PairedLengths {
    guard columns == ["input", "output", "count"],
      let table = PairedLengths(inputs: cells[0], outputs: cells[1], counts: cells[2].map { UInt32($0) })
    else {
      throw DatasetError(
        file: name, line: 0, reason: "no table of pairs; allowed: columns input,output,count with rows")
    }
    try check(table.meanInput, against: "mean_input")
    try check(table.meanOutput, against: "mean_output")
    return table
  }

  /// A mean that is not the header's tells of a file that was cut or edited.
  private func check(_ mean: Double, against key: String) throws(DatasetError) {
    let stated = try value(key)
    guard let wanted = Double(stated), abs(mean - wanted) < 0.001 else {
      throw DatasetError(file: name, line: 0, reason: "\(key) is \(stated), but the rows have \(mean)")
    }
  }
}
