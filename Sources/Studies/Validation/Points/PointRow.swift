import Documents
import Foundation

/// The columns of a file of points, by name.
struct PointHeader {
  private let positions: [String: Int]
  let count: Int

  /// Columns that every file must have.
  static let required = ["id", "system", "accelerators", "model"]

  /// The header of a record; nil, with the reasons recorded, where columns are missing or named twice.
  init?(_ record: CSVRecords.Record, file: String, problems: ProblemCollector) {
    let before = problems.problems.count
    let names = record.fields.map { $0.trimmingCharacters(in: .whitespaces) }
    func refuse(_ message: String, _ allowed: String?) {
      problems.record(Problem(file: file, line: record.line, message: message, allowed: allowed))
    }
    for name in Self.required where !names.contains(name) {
      refuse("no column '\(name)'", "a header with at least \(Self.required.joined(separator: ", "))")
    }
    for (index, name) in names.enumerated() where !name.isEmpty && names[..<index].contains(name) {
      refuse("two columns are named '\(name)'", nil)
    }
    if !MeasuredColumn.inFiles.contains(where: { names.contains($0.rawValue) }) {
      let known = MeasuredColumn.inFiles.map(\.rawValue).joined(separator: ", ")
      refuse("no column with anything measured", "one or more of \(known)")
    }
    guard problems.problems.count == before else { return nil }
    positions = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    count = names.count
  }

  func position(of name: String) -> Int? { positions[name] }
}

/// The fields of one row, by the name of their column; what is wrong with one is recorded.
struct PointRow {
  let header: PointHeader
  let record: CSVRecords.Record
  let file: String
  let problems: ProblemCollector

  /// A field without blanks at its ends; empty where there is none.
  func text(_ name: String) -> String {
    guard let position = header.position(of: name), position < record.fields.count else { return "" }
    return record.fields[position].trimmingCharacters(in: .whitespaces)
  }

  /// A field that must not be empty.
  func requiredText(_ name: String) -> String {
    let found = text(name)
    if found.isEmpty { refuse(name, found, "must not be empty", nil) }
    return found
  }

  /// A whole number, which may be written as `1.2e+06`; 0 and an empty field mean that it is not known.
  func count(_ name: String) -> Int? {
    let found = text(name)
    guard !found.isEmpty else { return nil }
    guard let value = Double(found), value >= 0, let whole = Int(exactly: value) else {
      refuse(name, found, "is no count", "a whole number from 0")
      return nil
    }
    return whole == 0 ? nil : whole
  }

  /// A number above 0; an empty field means that it is not known.
  func number(_ name: String) -> Double? {
    let found = text(name)
    guard !found.isEmpty else { return nil }
    guard let value = Double(found), value.isFinite, value > 0 else {
      refuse(name, found, "is no such figure", "a number above 0, or nothing")
      return nil
    }
    return value
  }

  /// One of some words; nil where the field is empty.
  func choice<Choice: RawRepresentable & CaseIterable>(_ name: String, _ type: Choice.Type) -> Choice?
  where Choice.RawValue == String {
    let found = text(name)
    guard !found.isEmpty else { return nil }
    if let value = Choice(rawValue: found) { return value }
    let allowed = Choice.allCases.map(\.rawValue)
    refuse(
      name, found, "is not known", allowed.joined(separator: ", "),
      hint: nearestName(to: found, among: allowed).map { "did you mean '\($0)'?" })
    return nil
  }

  func refuse(_ name: String, _ found: String, _ message: String, _ allowed: String?, hint: String? = nil) {
    problems.record(
      Problem(
        file: file, line: record.line, path: name, found: found.isEmpty ? "" : "'\(found)'", message: message,
        allowed: allowed, hint: hint))
  }
}
