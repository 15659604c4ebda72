/// 128 bits that tell two contents apart: the same on every machine, not meant against forgery.
///
/// Two lanes, each the finaliser of SplitMix64 (G. L. Steele, D. Lea and C. H. Flood, *Fast splittable pseudorandom
/// number generators*, OOPSLA 2014) over its state and eight bytes at a time.
public struct Fingerprint: Sendable {
  private var lanes: (UInt64, UInt64) = (0x9E37_79B9_7F4A_7C15, 0xD1B5_4A32_D192_ED03)

  /// The fingerprint of nothing yet.
  public init() {}

  /// Takes bytes in, with their count, so that neighbouring contents can't be confused.
  public mutating func add(_ bytes: UnsafeRawBufferPointer) {
    add(UInt64(bytes.count))
    let whole = bytes.count / 8 * 8
    for offset in stride(from: 0, to: whole, by: 8) {
      add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
    }
    guard whole < bytes.count else { return }
    var last: UInt64 = 0
    for offset in whole..<bytes.count { last |= UInt64(bytes[offset]) << UInt64((offset - whole) * 8) }
    add(last)
  }

  /// Takes a text in.
  public mutating func add(_ text: String) {
    var text = text
    text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
  }

  /// The 128 bits as 32 hexadecimal digits.
  public var text: String {
    [lanes.0, lanes.1].map { lane in
      let digits = String(lane, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  private mutating func add(_ word: UInt64) {
    lanes.0 = Self.mixed(lanes.0 ^ word)
    lanes.1 = Self.mixed(lanes.1 &+ word &* 0x9FB2_1C65_1E98_DF25)
  }

  private static func mixed(_ word: UInt64) -> UInt64 {
    let x = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    let y = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
    return (y ^ (y >> 31)) &+ 0x9E37_79B9_7F4A_7C15
  }
}
