import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Says something before Ctrl-C or a polite kill ends the process, as they would without it.
final class Interruption {
  private let sources: [any DispatchSourceSignal]

  /// Watches from here on; `farewell` runs on a thread of its own, once.
  init(_ farewell: @escaping @Sendable () -> Void) {
    let queue = DispatchQueue(label: "interruption")
    sources = [SIGINT, SIGTERM].map { number in
      // The default would end the process before the source sees the signal.
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler {
        farewell()
        signal(number, SIG_DFL)
        // Where every thread keeps the signal out, only the source would see it, again and again.
        var itself = sigset_t()
        sigemptyset(&itself)
        sigaddset(&itself, number)
        pthread_sigmask(SIG_UNBLOCK, &itself, nil)
        kill(getpid(), number)
      }
      source.resume()
      return source
    }
  }

  /// Watches no longer.
  func end() {
    for source in sources { source.cancel() }
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }
}
