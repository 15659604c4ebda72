import Testing

@testable import Studies

struct SweepReportTests {
  @Test func theFrontIsWhatNothingBeats() {
    let front = SweepReport.front([
      (1, 10), (2, 8), (1.5, 8), (3, 3), nil, (3, 3), (0.5, 10), (4, 1),
    ])
    #expect(front == [true, true, false, true, false, true, false, true])
  }

  @Test func noPointNoFront() {
    #expect(SweepReport.front([]) == [])
    #expect(SweepReport.front([nil]) == [false])
  }
}
