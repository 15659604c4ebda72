/// An index that is exact for small integers and logarithmic beyond, `2^bits` cells an octave.
///
/// Values below `2^bits` have a cell each; beyond, each octave is cut into `2^bits` equal cells, so that a cell
/// is never wider than `2^-bits` of its value. Knots of cost tables and buckets of histograms share it.
@frozen
public struct LogLinearIndex: Sendable, Equatable {
  /// Base-2 logarithm of the cells in an octave.
  public let bits: Int

  /// Creates an index with `2^bits` cells an octave, `bits` in 1...16.
  @inlinable
  public init(bits: Int) {
    precondition((1...16).contains(bits), "cells an octave: 2^\(bits)")
    self.bits = bits
  }

  // Both ways are taken several times a step: always inlined, and by masking shifts, since no distance reaches the width
  // of a word.

  /// The cell that holds `value` (>= 0).
  ///
  /// O(1), no logarithm.
  @inlinable
  @inline(__always)
  public func cell(of value: Int) -> Int {
    if value < 1 &<< bits { return value }
    let shift = Int.bitWidth - 1 - value.leadingZeroBitCount - bits
    return (shift &<< bits) + (value &>> shift)
  }

  /// The smallest value in `cell`; the next cell's is one past the largest.
  @inlinable
  @inline(__always)
  public func lowerBound(of cell: Int) -> Int {
    if cell < 2 &<< bits { return cell }
    let shift = (cell &>> bits) - 1
    return (cell - (shift &<< bits)) &<< shift
  }
}
