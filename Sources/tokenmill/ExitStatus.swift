#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// How the process ends; part of the contract of the command line.
enum ExitStatus: Int32 {
  /// The question is answered.
  case done = 0
  /// The answer is "no": a gate failed, a target was missed.
  case answerIsNo = 1
  /// The input is wrong.
  case wrongInput = 2
  /// Something failed that the user can't have caused.
  case internalFault = 3

  func exit() -> Never {
    #if canImport(Glibc)
      Glibc.exit(rawValue)
    #elseif canImport(Musl)
      Musl.exit(rawValue)
    #else
      Darwin.exit(rawValue)
    #endif
  }
}

/// An end of the command with a message and an exit code.
struct Failure: Error {
  var message: String
  var status: ExitStatus
}
