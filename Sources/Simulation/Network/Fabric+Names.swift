/// What links are called in reports.
extension Fabric {
  /// A link by the things at its ends: `node 3 nic 2 up`, `leaf 1 – spine 0`.
  func name(_ link: LinkID) -> String {
    let index = Int(link.index)
    if scaleUp.contains(index) { return scaleUpName(index - scaleUp.first) }
    if hostPath.contains(index) {
      let offset = index - hostPath.first
      return offset % 2 == 0 ? "accelerator \(offset / 2) – host" : "host – accelerator \(offset / 2)"
    }
    if nic.contains(index) {
      let offset = index - nic.first
      let node = offset / 2 / description.nicsPerNode
      return "node \(node) nic \(offset / 2 % description.nicsPerNode) \(direction(offset))"
    }
    if leaf.contains(index) {
      let offset = index - leaf.first
      let number = offset / 2 / spinesPerPod
      let lower = "\(podName(number / leavesPerPod))leaf \(number % leavesPerPod)"
      return joined(lower, "spine \(offset / 2 % spinesPerPod)", offset)
    }
    if spine.contains(index) { return spineName(index - spine.first) }
    if hostNIC.contains(index) {
      let offset = index - hostNIC.first
      return "node \(offset / 2) host nic \(direction(offset))"
    }
    precondition(storage.contains(index), "no link has the number \(index)")
    return index == storage.first ? "storage out" : "storage in"
  }

  private func scaleUpName(_ offset: Int) -> String {
    switch description.scaleUp {
    case .none, .switched:
      return "accelerator \(offset / 2) port \(direction(offset))"
    case .mesh:
      let size = description.acceleratorsPerDomain
      let source = offset / (size - 1)
      let other = offset % (size - 1)
      let base = source / size * size
      return "accelerator \(source) – accelerator \(base + (other >= source % size ? other + 1 : other))"
    case .torus(let sizes, _):
      let dimension = ["x", "y", "z"][offset / 2 % sizes.count]
      return "accelerator \(offset / 2 / sizes.count) \(offset % 2 == 0 ? "+" : "-")\(dimension)"
    }
  }

  private func spineName(_ offset: Int) -> String {
    let core = offset / 2 % coresPerSpine
    let number = offset / 2 / coresPerSpine % spinesPerPod
    let pod = offset / 2 / coresPerSpine / spinesPerPod
    return joined("\(podName(pod))spine \(number)", "core \(number * coresPerSpine + core)", offset)
  }

  private func podName(_ pod: Int) -> String { pods > 1 ? "pod \(pod) " : "" }
  private func direction(_ offset: Int) -> String { offset % 2 == 0 ? "up" : "down" }
  private func joined(_ lower: String, _ upper: String, _ offset: Int) -> String {
    offset % 2 == 0 ? "\(lower) – \(upper)" : "\(upper) – \(lower)"
  }
}
