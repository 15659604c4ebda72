/// The candidate that is fewest edits away from a name, letters' case aside; nil when none is close.
///
/// Close is at most a third of the longer word's length, at least two edits. Of equals the first wins.
func nearestName(to name: String, among candidates: [String]) -> String? {
  let wanted = Array(name.lowercased())
  var best: (name: String, edits: Int)?
  for candidate in candidates {
    let letters = Array(candidate.lowercased())
    let edits = editDistance(wanted, letters)
    guard edits <= max(2, max(wanted.count, letters.count) / 3) else { continue }
    if let found = best, found.edits <= edits { continue }
    best = (candidate, edits)
  }
  return best?.name
}

/// Levenshtein's distance: insertions, deletions and substitutions that turn one word into the other.
func editDistance(_ a: [Character], _ b: [Character]) -> Int {
  var previous = Array(0...b.count)
  for (row, letter) in a.enumerated() {
    var current = [row + 1]
    for (column, other) in b.enumerated() {
      let substituted = previous[column] + (letter == other ? 0 : 1)
      current.append(min(substituted, previous[column + 1] + 1, current[column] + 1))
    }
    previous = current
  }
  return previous[b.count]
}
