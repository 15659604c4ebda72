import CostModel
import Workload

/// Where KV blocks go that the accelerators' memory has no room for.
public struct CacheTier: Sendable, Equatable {
  /// Its name in results: `host`, `storage`.
  public var name: String
  /// KV blocks that it holds for one replica, >= 1.
  public var blocks: Int
  /// Seconds to bring one KV block back to the accelerators, when nothing else is under way.
  public var secondsPerBlock: Double
  /// Seconds before the first block comes.
  public var latencySeconds: Double

  /// A tier; see the properties for ranges.
  public init(name: String, blocks: Int, secondsPerBlock: Double, latencySeconds: Double = 0) {
    precondition(blocks >= 1 && secondsPerBlock >= 0 && latencySeconds >= 0, "a tier that holds nothing")
    self.name = name
    self.blocks = blocks
    self.secondsPerBlock = secondsPerBlock
    self.latencySeconds = latencySeconds
  }
}

/// Whether and where replicas keep the KV blocks of prompts that may come again
/// (vLLM `enable_prefix_caching`, SGLang's radix cache, TensorRT-LLM `enable_block_reuse`).
public struct PrefixCacheOptions: Sendable, Equatable {
  /// Where blocks go when the accelerators' memory is full, nearest first; none: they are forgotten.
  public var tiers: [CacheTier]

  /// A prefix cache in the accelerators' memory, and in `tiers` beyond it.
  public init(tiers: [CacheTier] = []) { self.tiers = tiers }
}

/// What a prefix cache holds of a prompt.
struct PrefixMatch: Equatable {
  /// Blocks of the prompt's chain that are found, from its beginning.
  var blocks = 0
  /// KV blocks of those that running requests hold, so that nobody has to find room for them.
  var inUse = 0
}

/// A block of the chain of a request's prompt.
struct ChainBlock {
  let content: PromptContent
  let request: UInt64
  let position: Int

  var identity: UInt64 { content.identity(ofRequest: request, block: position) }
}

/// The KV blocks of prompts that one replica has computed, by what they hold.
///
/// An entry is one block of a prompt's chain (``PromptContent``), which fills a whole number of KV blocks. Entries that a
/// running request uses are pinned; the others are free memory that is given up when it is needed, the one longest
/// unused first, and of one prompt its end before its beginning. What is given up goes down the tiers. So of a chain
/// always a beginning is there, and of that a beginning is held: both ends are found by bisection.
struct PrefixCache {
  private struct Entry {
    var identity: UInt64
    /// The entry of the block before it in the chain, -1 for none.
    var parent: Int32
    /// KV blocks that it fills.
    var blocks: Int32
    /// Running requests that hold it; in the accelerators' memory where any does.
    var holders: Int32 = 0
    /// 0: the accelerators' memory; else a tier.
    var tier: Int32 = 0
    var older: Int32 = -1
    var newer: Int32 = -1
  }

  /// Entries without a holder, in the order of their last use.
  private struct Unused {
    var oldest: Int32 = -1
    var newest: Int32 = -1
    /// KV blocks that they fill.
    var blocks = 0
  }

  private let tiers: [CacheTier]
  private var entries: [Entry] = []
  private var freeEntries: [Int32] = []
  private var places: [UInt64: Int32] = [:]
  private var unused: [Unused]
  /// What became known and what was forgotten since somebody last looked; kept only where a router listens.
  private(set) var changes: [Change] = []
  private let isHeard: Bool

  /// A block that the cache, tiers included, now has, or has no longer.
  struct Change {
    let identity: UInt64
    let isThere: Bool
  }

  init(_ options: PrefixCacheOptions, isHeard: Bool) {
    tiers = options.tiers
    self.isHeard = isHeard
    unused = Array(repeating: Unused(), count: options.tiers.count + 1)
  }

  /// KV blocks in the accelerators' memory that nobody holds: free, where they are needed.
  var unusedBlocks: Int { unused[0].blocks }

  /// What is found of a prompt's first `blocks` blocks.
  ///
  /// O(log blocks).
  func match(_ content: PromptContent, ofRequest index: UInt64, blocks: Int) -> PrefixMatch {
    func place(_ position: Int) -> Int32? { places[content.identity(ofRequest: index, block: position)] }
    let there = beginning(of: blocks) { place($0) != nil }
    guard there > 0, let last = place(there - 1) else { return PrefixMatch() }
    let held = beginning(of: there) { place($0).map { entries[Int($0)].holders > 0 } ?? false }
    return PrefixMatch(blocks: there, inUse: held * Int(entries[Int(last)].blocks))
  }

  /// A request takes hold of a chain up to its block `end`, which must be there.
  ///
  /// - Returns: KV blocks that had no holder and are now taken, and seconds to bring them from where they are.
  mutating func hold(_ end: ChainBlock) -> (taken: Int, seconds: Double) {
    guard var place = places[end.identity] else { preconditionFailure("a block was found that isn't there") }
    var taken = 0
    var seconds = 0.0
    var farthest = 0
    while place >= 0 {
      let entry = entries[Int(place)]
      let tier = Int(entry.tier)
      if entry.holders == 0 {
        unlink(place)
        taken += Int(entry.blocks)
        if tier > 0 { seconds += tiers[tier - 1].secondsPerBlock * Double(entry.blocks) }
        farthest = max(farthest, tier)
      }
      entries[Int(place)].holders += 1
      entries[Int(place)].tier = 0
      place = entry.parent
    }
    return (taken, farthest == 0 ? 0 : seconds + tiers[farthest - 1].latencySeconds)
  }

  /// A request that has computed a block, and holds the chain before it, takes hold of it.
  ///
  /// - Returns: KV blocks by which the memory in use has become less: the request gives up its own where another holds
  ///   the same already.
  mutating func keep(_ block: ChainBlock, blocks: Int) -> Int {
    let identity = block.identity
    if let place = places[identity] {
      let entry = entries[Int(place)]
      if entry.holders == 0 { unlink(place) }
      entries[Int(place)].holders += 1
      entries[Int(place)].tier = 0
      // Where nobody holds it, it becomes used as the request's own becomes free.
      return entry.holders > 0 ? blocks : 0
    }
    let before = ChainBlock(content: block.content, request: block.request, position: block.position - 1)
    let parent = block.position == 0 ? -1 : places[before.identity] ?? -1
    let entry = Entry(identity: identity, parent: parent, blocks: Int32(blocks), holders: 1)
    let place: Int32
    if let free = freeEntries.popLast() {
      place = free
      entries[Int(free)] = entry
    } else {
      place = Int32(entries.count)
      entries.append(entry)
    }
    places[identity] = place
    if isHeard { changes.append(Change(identity: identity, isThere: true)) }
    return 0
  }

  /// A request lets go of a chain up to its block `end`, the last blocks first: they will be given up before what led to
  /// them.
  ///
  /// - Returns: KV blocks that nobody holds any more.
  mutating func release(_ end: ChainBlock) -> Int {
    guard var place = places[end.identity] else { preconditionFailure("a block was let go that isn't there") }
    var free = 0
    while place >= 0 {
      precondition(entries[Int(place)].holders > 0, "a block was let go that nobody holds")
      entries[Int(place)].holders -= 1
      if entries[Int(place)].holders == 0 {
        link(place, tier: 0)
        free += Int(entries[Int(place)].blocks)
      }
      place = entries[Int(place)].parent
    }
    return free
  }

  /// Gives unused entries up until they fill at most `free` KV blocks.
  @inline(__always)
  mutating func shrink(to free: Int) {
    while unused[0].blocks > free { moveDown(unused[0].oldest) }
  }

  /// Moves an unused entry to the next tier, whose oldest make room for it; from the last one it is forgotten.
  private mutating func moveDown(_ place: Int32) {
    let tier = Int(entries[Int(place)].tier)
    unlink(place)
    guard tier < tiers.count, Int(entries[Int(place)].blocks) <= tiers[tier].blocks else {
      return forget(place)
    }
    link(place, tier: tier + 1)
    while unused[tier + 1].blocks > tiers[tier].blocks { moveDown(unused[tier + 1].oldest) }
  }

  private mutating func forget(_ place: Int32) {
    let identity = entries[Int(place)].identity
    places[identity] = nil
    freeEntries.append(place)
    if isHeard { changes.append(Change(identity: identity, isThere: false)) }
  }

  private mutating func link(_ place: Int32, tier: Int) {
    let newest = unused[tier].newest
    entries[Int(place)].tier = Int32(tier)
    entries[Int(place)].older = newest
    entries[Int(place)].newer = -1
    if newest >= 0 { entries[Int(newest)].newer = place } else { unused[tier].oldest = place }
    unused[tier].newest = place
    unused[tier].blocks += Int(entries[Int(place)].blocks)
  }

  private mutating func unlink(_ place: Int32) {
    let entry = entries[Int(place)]
    let tier = Int(entry.tier)
    if entry.older >= 0 {
      entries[Int(entry.older)].newer = entry.newer
    } else {
      unused[tier].oldest = entry.newer
    }
    if entry.newer >= 0 {
      entries[Int(entry.newer)].older = entry.older
    } else {
      unused[tier].newest = entry.older
    }
    unused[tier].blocks -= Int(entry.blocks)
  }

  /// Hands the changes over to who listens.
  mutating func takeChanges() -> [Change] {
    defer { changes.removeAll(keepingCapacity: true) }
    return changes
  }
}

/// The length of the beginning of `count` positions for which a condition holds that holds for no later one.
@inline(__always)
func beginning(of count: Int, where holds: (Int) -> Bool) -> Int {
  var low = 0
  var high = count
  while low < high {
    let middle = (low + high) / 2
    if holds(middle) { low = middle + 1 } else { high = middle }
  }
  return low
}
