/// Numbers as a line of bars, a character each.
public enum Sparkline {
  private static let bars = Array("▁▂▃▄▅▆▇█")

  /// Bars from 0 to the largest value; what is below 0 counts as 0.
  ///
  /// - Parameter values: numbers in any unit.
  /// - Returns: a character for each; all at the lowest where none is above 0.
  public static func text(_ values: [Double]) -> String {
    let top = values.max() ?? 0
    return String(
      values.map { value in
        guard top > 0, value > 0 else { return bars[0] }
        return bars[min(Int(value / top * Double(bars.count)), bars.count - 1)]
      })
  }
}
