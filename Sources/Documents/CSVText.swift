/// Text of comma-separated values (RFC 4180), a line each with a newline at its end.
public enum CSVText {
  /// A line of fields, each in quotes where it needs them.
  ///
  /// - Parameter fields: the fields; a line break stays inside its quotes.
  /// - Returns: the line with its newline.
  public static func line(_ fields: some Sequence<String>) -> String {
    fields.map(quoted).joined(separator: ",") + "\n"
  }

  /// A field, in quotes where it holds a comma, a quote or a line break.
  ///
  /// - Parameter field: the text.
  /// - Returns: the text as it stands between commas.
  public static func quoted(_ field: String) -> String {
    guard field.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return field }
    return "\"" + field.replacing("\"", with: "\"\"") + "\""
  }

  /// A value as a field: nothing for null, the shortest exact decimal for a number.
  ///
  /// - Parameter value: a scalar as it is; a list as its elements with `; ` between them; an object as JSON.
  /// - Returns: the text, without quotes around it.
  public static func field(_ value: JSONValue?) -> String {
    switch value {
    case nil, .null: ""
    case .string(let text): text
    case .double(let number) where !number.isFinite: ""
    case .array(let elements): elements.map { field($0) }.joined(separator: "; ")
    case .int, .double, .bool, .object: value?.text(indent: 0) ?? ""
    }
  }
}
