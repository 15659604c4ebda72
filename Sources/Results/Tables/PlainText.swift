/// Text for terminals that show nothing but ASCII.
public enum PlainText {
  private static let known: [Character: Character] = [
    "▁": "_", "▂": ".", "▃": ":", "▄": "-", "▅": "=", "▆": "+", "▇": "*", "█": "#", "▒": "%", "│": "|",
    "…": "~", "±": "~", "×": "x", "·": "-", "–": "-", "—": "-", "−": "-", "’": "'", "‘": "'", "“": "\"",
    "”": "\"", "µ": "u", "°": "o", "→": ">", "\u{A0}": " ",
  ]

  /// The text in ASCII, a character for each of its own, so that columns stay where they are.
  ///
  /// - Parameter text: any text.
  /// - Returns: letters without their marks; a question mark for what has nothing like it.
  public static func ascii(_ text: String) -> String {
    guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
    return String(
      text.map { character in
        character.isASCII ? character : known[character] ?? "?"
      })
  }

  /// Whether an environment's locale writes UTF-8; true where it says nothing.
  ///
  /// - Parameter environment: the value of a variable, nil where it isn't set.
  /// - Returns: what the first of `LC_ALL`, `LC_CTYPE` and `LANG` that is not empty says.
  public static func isUTF8(_ environment: (String) -> String?) -> Bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(environment).first { !$0.isEmpty }
    guard let locale = locale?.lowercased() else { return true }
    return locale.contains("utf-8") || locale.contains("utf8")
  }
}
