import Documents
import Hardware
import Quantities

/// The hardware figures of a system that a compared run stands on, as text in the usual units.
struct ComparedSystem: Sendable, Equatable {
  /// A figure: its path inside the system, and its value.
  struct Figure: Sendable, Equatable {
    var path: String
    var value: String
  }

  /// The system's id.
  let id: String
  /// Name, architecture and every figure that is known, in a fixed order.
  let figures: [Figure]

  private init(_ system: SystemSpecification) {
    id = system.id
    figures =
      [
        Figure(path: "name", value: system.name),
        Figure(path: "architecture", value: system.architecture.description),
      ] + system.figures.map { Figure(path: $0.path, value: Self.normalised($0.value)) }
  }

  private init(id: String, echo: [(String, JSONValue)]) {
    self.id = id
    figures = echo.compactMap { path, value in
      guard case .string(let text) = value else { return nil }
      return Figure(path: path, value: Self.normalised(text))
    }
  }

  /// The systems of a run's summary: as it echoes them where its scenario changed them, else as the catalogue has them.
  static func systems(of summary: JSONValue, in catalogue: SystemCatalogue) -> [ComparedSystem] {
    let configuration = summary["configuration"]
    return ids(of: configuration?["site"]).compactMap { id in
      if case .object(let echo)? = configuration?["hardware"]?[id] {
        return ComparedSystem(id: id, echo: echo)
      }
      return catalogue.system(id).map { ComparedSystem($0) }
    }
  }

  private static func ids(of site: JSONValue?) -> [String] {
    if case .string(let id)? = site?["system"] { return [id] }
    guard case .array(let parts)? = site?["systems"] else { return [] }
    return parts.compactMap { if case .string(let id)? = $0["system"] { id } else { nil } }
  }

  /// The same text for the same value: `8000 GB/s` and `8 TB/s` are `8 TB/s`.
  static func normalised(_ text: String) -> String {
    QuantityText(text).map(\.description) ?? text
  }
}

/// A quantity of a kind that hardware has, read from text: its value in SI units and its symbol.
struct QuantityText: Sendable, Equatable {
  /// The value in the base unit.
  let si: Double
  /// The base unit.
  let unit: String
  /// The value for a reader.
  let description: String

  /// Reads a number with a unit; nil for anything else.
  init?(_ text: String) {
    let kinds: [any Quantity.Type] = [
      Bytes.self, BytesPerSecond.self, FlopsPerSecond.self, Watts.self, Seconds.self, Hertz.self,
    ]
    for kind in kinds {
      if let read = Self.read(text, as: kind) {
        self = read
        return
      }
    }
    return nil
  }

  private init(si: Double, unit: String, description: String) {
    (self.si, self.unit, self.description) = (si, unit, description)
  }

  private static func read<Kind: Quantity>(_ text: String, as kind: Kind.Type) -> QuantityText? {
    guard let value = try? Kind.parse(text), let base = Kind.units.first(where: { $0.factor == 1 }) else {
      return nil
    }
    return QuantityText(si: value.si, unit: base.symbol, description: value.description)
  }

  /// The value times a factor as a scenario states it, to the last bit.
  func scaled(by factor: Double) -> String { "\(si * factor) \(unit)" }
}
