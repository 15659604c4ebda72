import Foundation
import Testing

/// The manual page and the completions that `make install` installs.
@Suite struct ManualTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  @Test func thePageHasEveryCommand() throws {
    let page = try Command.run("manual", "--date", "2026-01-31", in: folder)
    #expect(page.status == 0)
    #expect(page.output.hasPrefix(".TH TOKENMILL 1 \"2026-01-31\" \"tokenmill 0.1.0\" \"User Commands\"\n"))
    for text in [
      ".SH NAME", ".SS tokenmill run", ".SS tokenmill results merge", ".SS tokenmill points import",
      "\\fB\\-\\-timeline\\-replicas\\fR \\fIrange\\fR", "NO_COLOR", ".SH EXIT STATUS",
    ] {
      #expect(page.output.contains(text), "\(text)")
    }
    #expect(!page.output.contains("tokenmill manual"), "the page is no command of a user")
    #expect(page.output.utf8.allSatisfy { $0 < 0x80 })
    #expect(try Command.run("manual", "--date", "\"\n.x", in: folder).status == 2)
  }

  /// With groff where it is installed: it warns of what it doesn't understand.
  @Test func roffUnderstandsThePage() throws {
    let found = try Command.shell(
      "if command -v groff >/dev/null; then $tokenmill manual --date x | groff -man -Tascii -ww -z 2>&1; fi",
      in: folder)
    #expect(found.output.isEmpty, "\(found.output)")
    #expect(found.status == 0)
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func completionsAreScripts(shell: String) throws {
    let script = try Command.shell(
      "$tokenmill --generate-completion-script \(shell) > script; if command -v \(shell) >/dev/null; then \(shell) -n script; fi",
      in: folder)
    #expect(script.status == 0, "\(script.errors)")
    #expect(script.errors.isEmpty)
    let text = try folder.text("script")
    for word in ["sweep", "yaml", "csv"] { #expect(text.contains(word)) }
    #expect(!text.contains("manual"))
  }

  @Test func bashCompletesCommandsOptionsAndScenarios() throws {
    try folder.write("", to: "notes.txt")
    try folder.write(
      """
      source ./script
      try() {
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
        _tokenmill tokenmill "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        echo "${COMPREPLY[*]}"
      }
      try tokenmill sw
      try tokenmill run --js
      try tokenmill run c
      try tokenmill results me
      """, to: "try.bash")
    let found = try Command.shell(
      "$tokenmill --generate-completion-script bash > script; command -v bash >/dev/null || exit 9; bash --norc try.bash",
      in: folder)
    guard found.status != 9 else { return }
    #expect(found.output == "sweep\n--json\nchat.yaml\nmerge\n", "\(found.errors)")
  }

  /// Files and pipes get UTF-8 whatever the locale says; a terminal gets what it can show.
  @Test func bytesDoNotDependOnTheLocale() throws {
    let plain = try Command.run("run", "chat.yaml", in: folder, environment: ["LC_ALL": "C"])
    let unicode = try Command.run("run", "chat.yaml", in: folder, environment: ["LC_ALL": "C.UTF-8"])
    #expect(plain.output == unicode.output)
    #expect(plain.output.contains("█"))
  }

  #if os(Linux)
    @Test func aTerminalOfAnotherEncodingGetsASCII() throws {
      let script =
        "command -v script >/dev/null || exit 9; "
        + "LC_ALL=C NO_COLOR=1 script -qec '$tokenmill run chat.yaml' /dev/null </dev/null"
      let found = try Command.shell(script, in: folder)
      guard found.status != 9 else { return }
      #expect(found.output.contains("output tokens/s"))
      #expect(found.output.utf8.allSatisfy { $0 < 0x80 })
      #expect(found.output.contains("####"))
      let colour = try Command.shell(script.replacing("NO_COLOR=1 ", with: "TERM=xterm "), in: folder)
      #expect(colour.output.contains("\u{1B}[1m") && !found.output.contains("\u{1B}[1m"))
    }
  #endif
}
