/// The known name that is closest to what was written, or nil where none is close enough to suggest.
///
/// Close means at most one edit for each three characters, at least one; case, hyphens and underscores do not
/// count, and a name that only extends what was written is close. Of equally close names the first one wins.
public func nearestName(to text: String, among names: [String]) -> String? {
  let wanted = folded(text)
  guard !wanted.isEmpty else { return nil }
  let closeEnough = max(1, wanted.count / 3)
  var best: (name: String, distance: Int)?
  for name in names {
    let candidate = folded(name)
    var distance = editDistance(wanted, candidate)
    if wanted.count >= 3, candidate.starts(with: wanted) || wanted.starts(with: candidate),
      candidate.count >= 3
    {
      distance = min(distance, closeEnough)
    }
    if distance <= closeEnough, distance < (best?.distance ?? .max), distance < candidate.count {
      best = (name, distance)
    }
  }
  return best?.name
}

private func folded(_ text: String) -> [Character] {
  Array(text.lowercased().map { $0 == "-" || $0 == " " ? "_" : $0 })
}

/// The least number of insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
  var beforeLast: [Int] = []
  var last = Array(0...b.count)
  for i in 1...a.count {
    var row = [i] + Array(repeating: 0, count: b.count)
    for j in 1...b.count {
      let replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
      row[j] = min(replaced, last[j] + 1, row[j - 1] + 1)
      if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
        row[j] = min(row[j], beforeLast[j - 2] + 1)
      }
    }
    beforeLast = last
    last = row
  }
  return last[b.count]
}
