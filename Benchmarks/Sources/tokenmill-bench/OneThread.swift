import Synchronization

/// Runs asynchronous work to its end on the calling thread.
///
/// Simulations split their work over tasks. A benchmark wants them one after the other: CPU time and instructions are
/// then those of the work alone, and tools that count instructions need not follow threads.
final class OneThread: TaskExecutor {
  private let jobs = Mutex<[UnownedJob]>([])

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    jobs.withLock { $0.append(job) }
  }

  /// Runs `work`, and every child task of it, here.
  static func run(_ work: @escaping @Sendable () async -> Void) {
    let thread = OneThread()
    Task(executorPreference: thread, operation: work)
    while let job = thread.jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) {
      job.runSynchronously(on: thread.asUnownedTaskExecutor())
    }
  }
}
