/// Short lists of equal elements in one array, each with room for a power of two of them.
///
/// A span that is given back serves the next list of its size, so a network that has seen its busiest moment
/// allocates no more.
struct SpanArena<Element: Sendable>: Sendable {
  /// A list's place; how many elements it has is the owner's business.
  struct Span {
    var first: Int32 = 0
    /// The logarithm of its room; negative: no room at all.
    var sizeClass: Int8 = -1

    /// How many elements it has room for.
    var room: Int { sizeClass < 0 ? 0 : 1 << Int(sizeClass) }
  }

  private(set) var elements: [Element] = []
  private let filler: Element
  /// First elements of the spans given back, by size.
  private var free: [[Int32]] = Array(repeating: [], count: 31)

  /// An arena whose unused places hold `filler`.
  init(filler: Element) { self.filler = filler }

  subscript(index: Int) -> Element {
    get { elements[index] }
    set { elements[index] = newValue }
  }

  /// Room for at least `count` elements.
  mutating func take(_ count: Int) -> Span {
    guard count > 0 else { return Span() }
    let sizeClass = count == 1 ? 0 : Int.bitWidth - (count - 1).leadingZeroBitCount
    if let first = free[sizeClass].popLast() { return Span(first: first, sizeClass: Int8(sizeClass)) }
    let first = elements.count
    precondition(first + 1 << sizeClass <= Int(Int32.max), "the arena is full")
    elements.append(contentsOf: repeatElement(filler, count: 1 << sizeClass))
    return Span(first: Int32(first), sizeClass: Int8(sizeClass))
  }

  /// Gives a span back.
  mutating func giveBack(_ span: Span) {
    if span.sizeClass >= 0 { free[Int(span.sizeClass)].append(span.first) }
  }

  /// Moves the first `count` elements of a span into one of twice its room.
  mutating func grow(_ span: inout Span, count: Int) {
    let larger = take(max(2 * span.room, 2))
    for offset in 0..<count { elements[Int(larger.first) + offset] = elements[Int(span.first) + offset] }
    giveBack(span)
    span = larger
  }
}
