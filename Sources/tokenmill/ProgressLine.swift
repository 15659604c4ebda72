import Foundation
import Results
import Simulation
import Synchronization

/// A line on standard error that says how far a run is; only where a terminal shows it, gone at the end.
final class ProgressLine: Sendable {
  private let isDone = Atomic<Bool>(false)
  private let finished = DispatchSemaphore(value: 0)
  private let isShown: Bool

  /// Draws the line four times a second until ``stop()``.
  ///
  /// A thread of its own draws: the simulation keeps the threads of the task pool busy. `text` gets the seconds since
  /// the start.
  init(isQuiet: Bool, text: @escaping @Sendable (Double) -> String) {
    isShown = !isQuiet && Terminal.standardError.isInteractive
    guard isShown else { return }
    let use = ResourceUse()
    Thread.detachNewThread { [self] in
      while !isDone.load(ordering: .acquiring) {
        Terminal.standardError.write("\r\(text(use.wallSeconds))\u{1B}[K")
        Thread.sleep(forTimeInterval: 0.25)
      }
      Terminal.standardError.write("\r\u{1B}[K")
      finished.signal()
    }
  }

  /// The line of a run: requests that are done, of how many where that is known, and how fast.
  convenience init(_ progress: RunProgress, total: Int?, isQuiet: Bool) {
    self.init(isQuiet: isQuiet) { seconds in
      let done = progress.completedRequests
      var text = "\(Numbers.text(Int64(done)))"
      if let total { text += " of \(Numbers.text(Int64(total)))" }
      text += " requests"
      if let total, total > 0 { text += ", \(Numbers.percent(Double(done) / Double(total)))" }
      if seconds > 0.5 { text += ", \(Numbers.text((Double(done) / seconds).rounded())) a second" }
      return text
    }
  }

  /// Takes the line away.
  func stop() {
    guard isShown, !isDone.exchange(true, ordering: .acquiringAndReleasing) else { return }
    finished.wait()
  }
}
