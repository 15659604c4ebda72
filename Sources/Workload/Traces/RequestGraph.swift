/// Which requests of a trace are sent when others are answered: turns of sessions, agents and what they spawn.
///
/// Rows are numbered as in the file. A row waits for earlier rows only; it is sent when each of them has been sent, or
/// answered, a delay ago, and not before a time of its own.
public final class RequestGraph: Sendable {
  /// One row waits for another.
  public struct Edge: Sendable, Equatable {
    /// The row that waits.
    public var row: Int32
    /// From the event of the other row until this one may be sent, in nanoseconds, >= 0: tools, reading and typing.
    public var delayNanoseconds: Int64
    /// Whether the event is the other row's last token; else that it is sent.
    public var afterAnswer: Bool

    /// An edge.
    public init(row: Int32, delayNanoseconds: Int64, afterAnswer: Bool = true) {
      self.row = row
      self.delayNanoseconds = delayNanoseconds
      self.afterAnswer = afterAnswer
    }
  }

  /// Rows that wait for nothing, in order of their times.
  public let roots: [Int32]
  /// How many others each row waits for.
  public let waits: [Int32]
  /// Before when no row is sent, in nanoseconds from the start.
  public let notBeforeNanoseconds: [Int64]
  /// The session of each row, numbered in order of appearance.
  public let sessions: [Int32]
  private let edges: [Edge]
  private let offsets: [Int32]

  /// A graph.
  ///
  /// - Parameters:
  ///   - successors: for each row, who waits for it.
  ///   - notBeforeNanoseconds: for each row, >= 0.
  ///   - sessions: for each row.
  public init(successors: [[Edge]], notBeforeNanoseconds: [Int64], sessions: [Int32]) {
    var waits = Array(repeating: Int32(0), count: successors.count)
    var offsets: [Int32] = [0]
    for (row, edges) in successors.enumerated() {
      for edge in edges {
        precondition(Int(edge.row) > row, "a row that waits for a later one")
        waits[Int(edge.row)] += 1
      }
      offsets.append((offsets.last ?? 0) + Int32(edges.count))
    }
    self.waits = waits
    self.offsets = offsets
    edges = successors.flatMap { $0 }
    self.notBeforeNanoseconds = notBeforeNanoseconds
    self.sessions = sessions
    roots = successors.indices.filter { waits[$0] == 0 }.map { Int32($0) }
      .sorted { (notBeforeNanoseconds[Int($0)], $0) < (notBeforeNanoseconds[Int($1)], $1) }
  }

  /// Who waits for a row.
  public func successors(of row: Int) -> ArraySlice<Edge> { edges[Int(offsets[row])..<Int(offsets[row + 1])] }

  /// The graph with its own times, but not its delays, divided by a factor > 0.
  func scaled(rateScale: Double) -> RequestGraph {
    RequestGraph(
      successors: waits.indices.map { Array(successors(of: $0)) },
      notBeforeNanoseconds: notBeforeNanoseconds.map {
        ArrivalTrace.scaledNanoseconds($0, rateScale: rateScale)
      }, sessions: sessions)
  }
}

extension RequestGraph: Equatable {
  /// Whether both send the same rows after the same ones.
  public static func == (a: RequestGraph, b: RequestGraph) -> Bool {
    a.edges == b.edges && a.offsets == b.offsets && a.notBeforeNanoseconds == b.notBeforeNanoseconds
      && a.sessions == b.sessions
  }
}
