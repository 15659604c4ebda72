import Documents
import Foundation

/// Reads files of benchmark points: CSV with a header, a row for each measured run.
public enum PointFile {
  /// The points of a file, in its order.
  ///
  /// Columns that are not known are ignored. Throws every bad row with its line, or why the file can't be read.
  public static func read(path: String) throws(Problems) -> [BenchmarkPoint] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw Problems(Problem(file: path, message: "no such file"))
    }
    guard !isFolder.boolValue else {
      throw Problems(Problem(file: path, message: "is a directory, a file is needed"))
    }
    guard let data = FileManager.default.contents(atPath: path),
      let text = String(data: data, encoding: .utf8)
    else { throw Problems(Problem(file: path, message: "can't be read as UTF-8 text")) }
    return try parse(text: text, file: path)
  }

  /// The points of a text; `file` is the name that problems print.
  public static func parse(text: String, file: String) throws(Problems) -> [BenchmarkPoint] {
    let problems = ProblemCollector()
    let records = CSVRecords.read(text, file: file, problems: problems)
    return try points(of: records, file: file, problems: problems)
  }

  /// The points of a header and rows.
  static func points(
    of records: [CSVRecords.Record], file: String, problems: ProblemCollector
  ) throws(Problems) -> [BenchmarkPoint] {
    guard let first = records.first else {
      try problems.throwIfAny()
      throw Problems(Problem(file: file, message: "is empty, a header and rows are needed"))
    }
    guard let header = PointHeader(first, file: file, problems: problems) else {
      throw Problems(problems.problems)
    }
    var points: [BenchmarkPoint] = []
    var lines: [String: Int] = [:]
    for record in records.dropFirst() {
      guard record.fields.count == header.count else {
        problems.record(
          Problem(
            file: file, line: record.line, found: "\(record.fields.count) fields",
            message: "not as many as the header has", allowed: "\(header.count)"))
        continue
      }
      let row = PointRow(header: header, record: record, file: file, problems: problems)
      let point = BenchmarkPoint(row)
      if let earlier = lines[point.id], !point.id.isEmpty {
        row.refuse("id", point.id, "is the id of line \(earlier) as well", "a name for each row")
      }
      lines[point.id] = record.line
      points.append(point)
    }
    try problems.throwIfAny()
    guard !points.isEmpty else { throw Problems(Problem(file: file, message: "has a header but no rows")) }
    return points
  }
}

extension BenchmarkPoint {
  /// The point of a row; fields that are wrong are recorded and left empty.
  init(_ row: PointRow) {
    func pool(_ name: String) -> Pool {
      Pool(
        workers: row.count(name + "_workers"), tensor: row.count(name + "_tp"),
        expert: row.count(name + "_ep"), attentionData: row.count(name + "_attention_dp"),
        batch: row.count(name + "_batch"))
    }
    let before = row.problems.problems.count
    let accelerators = row.count("accelerators")
    if accelerators == nil, row.problems.problems.count == before {
      row.refuse("accelerators", row.text("accelerators"), "must be known", "a whole number from 1")
    }
    var measured = ColumnValues()
    for column in MeasuredColumn.inFiles { measured[column] = row.number(column.rawValue) }
    self.init(
      id: row.requiredText("id"), suite: row.text("suite"), source: row.text("source"),
      date: row.text("date"), system: row.requiredText("system"), accelerators: accelerators ?? 1,
      framework: row.text("framework"), frameworkVersion: row.text("framework_version"),
      model: row.requiredText("model"), weights: row.text("weights"), keyValueCache: row.text("kv_cache"),
      mode: row.choice("mode", Mode.self) ?? .aggregated, tensor: row.count("tp"),
      pipeline: row.count("pp"), expert: row.count("ep"), attentionData: row.count("attention_dp"),
      replicas: row.count("replicas"), prefill: pool("prefill"), decode: pool("decode"),
      load: row.choice("load", Load.self), concurrency: row.number("concurrency"),
      requestRate: row.number("request_rate"), requests: row.count("requests"),
      inputTokens: row.number("isl"),
      outputTokens: row.number("osl"), lengths: row.text("lengths"),
      maximumBatchSize: row.count("max_batch_size"), maximumBatchTokens: row.count("max_batch_tokens"),
      powerCapWatts: row.number("power_cap_watts"), measured: measured, notes: row.text("notes"),
      split: row.text("split"),
      flag: ["non_monotone", "disagrees_elsewhere"].first { row.text($0) == "1" } ?? "",
      isSpeculationSuspected: row.text("mtp_suspected") == "1")
    self.measured[.derivedThroughput] =
      suite == "inferencex"
      ? derivedThroughput(ttftSeconds: measured[.ttftMean], tpotSeconds: measured[.tpotMean]) : nil
  }
}
