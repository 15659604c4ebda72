/// What an engine that moves KV caches reaches on one link, by the size of the pages it moves.
///
/// A page is one descriptor: one contiguous piece of one layer's cache. Posting descriptors runs ahead of the wire,
/// so the slower of the two counts; on the wire each descriptor leaves a gap:
///
///     seconds per page = max(posting, page / bulk rate + gap)
///
/// `bulk rate` is measured with one descriptor. Where a row of pages is given, `gap` is the middle of what the
/// 64-token pages leave room for, and `posting` is the floor that the source states, or the middle of what the
/// 16-token pages leave room for.
///
/// The rows give pages in tokens. In bytes they are those of the benchmark's two presets at bf16: `kv-mla`
/// (DeepSeek-V4-Pro, 704 values per token and layer: a latent of 512, 64 for positions, 128 of the indexer) has
/// 90,112 bytes at 64 tokens and 22,528 at 16, `kv-gqa` (Qwen3-235B, 1,024 values) 131,072 and 32,768. Both fall
/// into every row. The benchmark's fp8 pages are half as large and fall out of them: at 1.5 µs a descriptor 45,056
/// bytes make 30 GB/s, where H200 has 32-36.
public struct KVTransferRate: Hashable, Sendable {
  /// An engine on a link.
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    /// NIXL between GB200 of one NVLink domain, memory mapped over the fabric.
    case nixlNVLinkGB200 = "nixl-nvlink-gb200"
    /// NIXL over the four InfiniBand rails of a GB200 tray.
    case nixlRailsGB200 = "nixl-rails-gb200"
    /// NIXL between GB200 as vLLM serves with it, over InfiniBand: what a day's transfers reached on average.
    case nixlServedGB200 = "nixl-served-gb200"
    /// NIXL between GB200 whose memory wasn't registered: a path like TCP.
    case nixlUnregisteredGB200 = "nixl-unregistered-gb200"
    /// NIXL over InfiniBand functions of virtual machines with H200.
    case nixlH200 = "nixl-h200"
    /// MoRI-IO over 400 Gbit/s RoCE between MI355X, one queue pair.
    case moriMI355X = "mori-mi355x"
    /// Mooncake over 400 Gbit/s RoCE between MI355X.
    case mooncakeMI355X = "mooncake-mi355x"
    /// NIXL that falls back to TCP between MI355X.
    case nixlTCPMI355X = "nixl-tcp-mi355x"

    /// Whether it moves caches over the scale-up fabric, not over network adapters.
    public var usesScaleUp: Bool { self == .nixlNVLinkGB200 }
    /// Whether one flow uses all network adapters of its node at once.
    public var stripes: Bool { self == .nixlRailsGB200 }
  }

  /// Which it is.
  public var kind: Kind
  /// Of one descriptor of any size, in bytes/s.
  public var bulkBytesPerSecond: Double
  /// To post a descriptor.
  public var postingSecondsPerPage: Double
  /// Of the wire, between descriptors.
  public var gapSecondsPerPage: Double
  /// What was read, and where the figures are from.
  public var source: String

  /// The highest rate of a transfer in pages of `pageBytes`, in bytes/s, on a link that carries `linkBytesPerSecond`.
  public func cap(pageBytes: Double, linkBytesPerSecond: Double = .infinity) -> Double {
    precondition(pageBytes > 0, "a page holds something")
    let bulk = min(bulkBytesPerSecond, linkBytesPerSecond)
    return pageBytes / max(postingSecondsPerPage, pageBytes / bulk + gapSecondsPerPage)
  }

  /// As ``cap(pageBytes:linkBytesPerSecond:)`` of the kind's row.
  public static func cap(_ kind: Kind, pageBytes: Double, linkBytesPerSecond: Double = .infinity) -> Double {
    of(kind).cap(pageBytes: pageBytes, linkBytesPerSecond: linkBytesPerSecond)
  }

  /// The row of a kind.
  public static func of(_ kind: Kind) -> KVTransferRate {
    switch kind {
    case .nixlNVLinkGB200:
      KVTransferRate(
        kind: kind, bulkBytesPerSecond: 671.5e9, postingSecondsPerPage: 3.9e-6, gapSecondsPerPage: 0,
        source: methodology + ": bulk 636-707 GB/s, a copy by cuda_ipc 3.9 µs a descriptor")
    case .nixlRailsGB200:
      KVTransferRate(
        kind: kind, bulkBytesPerSecond: 89.8e9, postingSecondsPerPage: 0.9e-6, gapSecondsPerPage: 0.14e-6,
        source: methodology
          + ": bulk 89.8 GB/s, 0.9 µs a descriptor on Grace, 64-token pages 74.6-85.0 GB/s")
    case .nixlServedGB200:
      KVTransferRate(
        kind: kind, bulkBytesPerSecond: 23.3e9, postingSecondsPerPage: 0, gapSecondsPerPage: 0,
        source: sweepNotes + ": mean of 394 windows, 7.6-42.8 GB/s; pages not stated")
    case .nixlUnregisteredGB200:
      KVTransferRate(
        kind: kind, bulkBytesPerSecond: 19.5 * 1_048_576, postingSecondsPerPage: 0, gapSecondsPerPage: 0,
        source: sweepNotes + ": 14-25 MiB/s; pages not stated")
    case .nixlH200:
      // On machines that aren't virtual the source has about 1.5 µs: too quick for the larger 16-token pages.
      KVTransferRate(
        kind: kind, bulkBytesPerSecond: 43.4e9, postingSecondsPerPage: 2.2e-6, gapSecondsPerPage: 0.68e-6,
        source: "commit 986c679d5: bulk 43.4, 64-token pages 32-36, 16-token pages 9.2-16.2 GB/s")
    case .moriMI355X:
      KVTransferRate(
        kind: kind, bulkBytesPerSecond: 24.5e9, postingSecondsPerPage: 0.9e-6, gapSecondsPerPage: 0,
        source: "commit db04dc2bb: 24-25 GB/s in pages; posting as the quickest measured, 0.9 µs: an "
          + "assumption")
    case .mooncakeMI355X:
      KVTransferRate(
        kind: kind, bulkBytesPerSecond: 32.15e9, postingSecondsPerPage: 0.95e-6, gapSecondsPerPage: 0,
        source: "commit 11fe18d6f: bulk 30.7-33.6 GB/s; " + methodology + ": 0.95 µs a descriptor")
    case .nixlTCPMI355X:
      KVTransferRate(
        kind: kind, bulkBytesPerSecond: 0.8e9, postingSecondsPerPage: 0, gapSecondsPerPage: 0,
        source: "commit db04dc2bb: 0.8 GB/s bulk")
    }
  }

  /// All rows.
  public static var all: [KVTransferRate] { Kind.allCases.map(of) }

  private static let methodology = "CollectiveX methodology, branch collectivex-kv-transfer @dc95b1fc0"
  private static let sweepNotes = "GB200_VLLM_AGENTIC_SWEEP_NOTES @f588c3afeb"
}
