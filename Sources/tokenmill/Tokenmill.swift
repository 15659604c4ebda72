import ArgumentParser
import Documents
import Logging
import Studies

/// The root of the command line.
struct Tokenmill: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tokenmill",
    abstract: "Predicts tokens/s, latency and power of LLM serving, from one GPU to a gigawatt site.",
    discussion: """
      A scenario file (YAML) says which system, which models, which engine settings and which traffic; the \
      simulation says what comes out.

      EXAMPLES:
        tokenmill run scenarios/h100-llama-3.1-8b-poisson.yaml
        tokenmill run scenarios/gb300-nvl72-llama-2-70b-offline.yaml --json -
        tokenmill sweep scenarios/b200-deepseek-r1-closed-loop.yaml --jobs 2
        tokenmill catalog systems gb300-nvl72

      EXIT CODES:
        0  done
        1  the answer is "no": a gate failed, a target was missed
        2  the input is wrong
        3  internal fault
      """,
    version: "tokenmill \(tokenmillVersion)",
    subcommands: [
      RunCommand.self, EstimateCommand.self, SweepCommand.self, PlanCommand.self, CompareCommand.self,
      ValidateCommand.self, CalibrateCommand.self, CatalogCommand.self, ResultsCommand.self,
      ReportCommand.self, ServeCommand.self,
      PointsCommand.self, ManualCommand.self,
    ])
}

/// The version of the command and of the libraries below it.
let tokenmillVersion = "0.1.0"

/// Runs the command line and turns what it throws into text and an exit code.
@main
enum Main {
  static func main() async {
    LoggingSystem.bootstrap { _ in DiagnosticsHandler() }
    do {
      var command = try Tokenmill.parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      finish(error)
    }
  }

  /// Ends the process for an error: help and versions are answers, everything else is a message.
  private static func finish(_ error: any Error) -> Never {
    switch error {
    case let problems as Problems:
      Terminal.standardError.write(problems.all.map { "error: \($0.description)\n" }.joined())
      ExitStatus.wrongInput.exit()
    case let failure as Failure:
      if !failure.message.isEmpty { Terminal.standardError.write("error: \(failure.message)\n") }
      failure.status.exit()
    default:
      let code = Tokenmill.exitCode(for: error)
      let text = Tokenmill.fullMessage(for: error)
      let line = text.isEmpty || text.hasSuffix("\n") ? text : text + "\n"
      if code.isSuccess {
        try? Terminal.standardOutput.writeOrThrow(line)
        ExitStatus.done.exit()
      }
      Terminal.standardError.write(line)
      (code == .validationFailure ? ExitStatus.wrongInput : .internalFault).exit()
    }
  }
}
