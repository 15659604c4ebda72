#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The requests in flight of a partition: slots that are used again.
///
/// One owner changes it: a copy shares the slots, so that no access has to ask whether it may write. An array's does, and
/// that took a sixth of all instructions of a run. It grows by `realloc`, which moves large blocks by their pages: a copy
/// would hold half as much again in memory for a moment, 3 of the 9 GB of a gigawatt.
struct RequestPool {
  private var base: UnsafeMutablePointer<Request>
  private let storage: Storage
  /// Slots that are or were in use.
  private(set) var count = 0
  private var freeHead: Int32 = -1
  private(set) var inFlight = 0

  /// Frees the slots with the last copy of the pool.
  private final class Storage {
    var base: UnsafeMutablePointer<Request>
    var capacity: Int

    init(capacity: Int) {
      base = RequestPool.block(nil, of: capacity)
      self.capacity = capacity
    }

    deinit { free(base) }
  }

  init() {
    storage = Storage(capacity: 64)
    base = storage.base
  }

  /// Size of a slot in bytes; bounded by a test.
  static var bytesPerRequest: Int { MemoryLayout<Request>.stride }

  /// All slots, free ones included.
  var slots: UnsafeBufferPointer<Request> { UnsafeBufferPointer(start: base, count: count) }

  @inline(__always)
  mutating func insert(_ request: Request) -> Int32 {
    insert { $0 = request }
  }

  /// A slot for a request that `fill` makes in place, of anything.
  @inline(__always)
  mutating func insert(_ fill: (inout Request) -> Void) -> Int32 {
    inFlight += 1
    let slot = freeHead
    if slot >= 0 {
      freeHead = base[Int(slot)].next
      fill(&base[Int(slot)])
      return slot
    }
    if count == storage.capacity { grow() }
    let index = count
    base[index] = Request()
    fill(&base[index])
    count += 1
    return Int32(index)
  }

  @inline(never)
  private mutating func grow() {
    storage.capacity *= 2
    base = Self.block(base, of: storage.capacity)
    storage.base = base
  }

  /// A block of slots that begins with those of another one, which is gone.
  private static func block(
    _ old: UnsafeMutablePointer<Request>?, of capacity: Int
  ) -> UnsafeMutablePointer<Request> {
    guard let block = realloc(old, capacity * MemoryLayout<Request>.stride) else {
      fatalError("no memory for \(capacity) requests in flight")
    }
    return block.bindMemory(to: Request.self, capacity: capacity)
  }

  mutating func remove(_ slot: Int32) {
    precondition(self[slot].state != .free, "a request left twice")
    inFlight -= 1
    base[Int(slot)].state = .free
    base[Int(slot)].next = freeHead
    freeHead = slot
  }

  subscript(slot: Int32) -> Request {
    @inline(__always) _read {
      precondition(UInt(bitPattern: Int(slot)) < UInt(bitPattern: count), "a slot that nobody has used")
      yield base[Int(slot)]
    }
    @inline(__always) _modify {
      precondition(UInt(bitPattern: Int(slot)) < UInt(bitPattern: count), "a slot that nobody has used")
      yield &base[Int(slot)]
    }
  }
}
