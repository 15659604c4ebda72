/// Reads the keys of one JSON object, remembers which were read, and reports those that nobody understood.
struct ConfigReader {
  /// File and place in it, as messages show them.
  let file: String
  let prefix: String
  let modelType: String
  private let values: [String: JSONValue]
  private var used: Set<String> = []
  /// Features that were recognised and aren't modelled.
  var unsupportedFeatures: [String] = []
  /// Remarks that don't touch the cost.
  var notes: [String] = []

  init(file: String, prefix: String, modelType: String, values: [String: JSONValue]) {
    self.file = file
    self.prefix = prefix
    self.modelType = modelType
    self.values = values
  }

  /// The largest sizes that are read; far beyond any model, and small enough that no product overflows.
  enum Limit {
    static let layers = 1_024
    static let hidden = 65_536
    static let intermediate = 1_048_576
    static let experts = 8_192
    static let heads = 4_096
    static let headDimension = 4_096
    static let vocabulary = 33_554_432
    static let tokens = 134_217_728
  }

  /// The first of the keys that is there and not null; marks all of them read.
  mutating func value(_ keys: String...) -> (key: String, value: JSONValue)? {
    value(among: keys)
  }

  private mutating func value(among keys: [String]) -> (key: String, value: JSONValue)? {
    used.formUnion(keys)
    for key in keys {
      if let value = values[key], value != .null { return (key, value) }
    }
    return nil
  }

  /// Whether a key is there and not null, without marking it read.
  func has(_ key: String) -> Bool { values[key].map { $0 != .null } ?? false }

  /// Marks keys as understood whose values need no reading here.
  mutating func ignore(_ keys: String...) { used.formUnion(keys) }

  /// A required whole number from 1 to `limit`, under the first of the keys that is there.
  mutating func size(_ keys: String..., limit: Int) throws(ModelError) -> Int {
    guard let found = value(among: keys) else { throw missing(keys[0]) }
    return try whole(found, from: 1, to: limit)
  }

  /// The same where the key may be absent.
  mutating func optionalSize(_ keys: String..., limit: Int) throws(ModelError) -> Int? {
    guard let found = value(among: keys) else { return nil }
    return try whole(found, from: 1, to: limit)
  }

  /// A whole number from 0 to `limit`; 0 where the key is absent.
  mutating func count(_ keys: String..., limit: Int) throws(ModelError) -> Int {
    guard let found = value(among: keys) else { return 0 }
    return try whole(found, from: 0, to: limit)
  }

  /// A switch.
  mutating func flag(_ key: String, default standard: Bool) throws(ModelError) -> Bool {
    guard let found = value(key) else { return standard }
    guard case .bool(let value) = found.value else {
      throw invalid(found.key, found.value, allowed: "true or false")
    }
    return value
  }

  /// A word.
  mutating func text(_ key: String) throws(ModelError) -> String? {
    guard let found = value(key) else { return nil }
    guard case .string(let value) = found.value else {
      throw invalid(found.key, found.value, allowed: "a string")
    }
    return value
  }

  /// A list of words.
  mutating func words(_ key: String) throws(ModelError) -> [String]? {
    guard let found = value(key) else { return nil }
    guard case .array(let items) = found.value else {
      throw invalid(found.key, found.value, allowed: "an array of strings")
    }
    var words: [String] = []
    for item in items {
      guard case .string(let word) = item else {
        throw invalid(found.key, item, allowed: "an array of strings")
      }
      words.append(word)
    }
    return words
  }

  /// A list of whole numbers from 0 up.
  mutating func numbers(_ key: String) throws(ModelError) -> [Int]? {
    guard let found = value(key) else { return nil }
    guard case .array(let items) = found.value else {
      throw invalid(found.key, found.value, allowed: "an array of whole numbers")
    }
    var numbers: [Int] = []
    for item in items { numbers.append(try whole((found.key, item), from: 0, to: Limit.tokens)) }
    return numbers
  }

  /// A reader of an object inside this one.
  mutating func nested(_ key: String) throws(ModelError) -> ConfigReader? {
    guard let found = value(key) else { return nil }
    guard case .object(let members) = found.value else {
      throw invalid(found.key, found.value, allowed: "an object")
    }
    return ConfigReader(file: file, prefix: "\(prefix)\(key).", modelType: modelType, values: members)
  }

  /// Takes over what a nested reader found, its unread keys included.
  mutating func absorb(_ nested: ConfigReader) {
    unsupportedFeatures += nested.unsupportedFeatures + nested.unrecognisedFeatures()
    notes += nested.notes
  }

  func missing(_ key: String) -> ModelError {
    .missingKey(file: file, key: prefix + key, modelType: modelType)
  }

  func invalid(_ key: String, _ found: JSONValue, allowed: String) -> ModelError {
    .invalidValue(file: file, key: prefix + key, found: found.summary, allowed: allowed)
  }

  private func whole(
    _ found: (key: String, value: JSONValue), from low: Int, to high: Int
  ) throws(ModelError) -> Int {
    guard case .integer(let number) = found.value, (low...high).contains(number) else {
      throw invalid(found.key, found.value, allowed: "a whole number from \(low) to \(high)")
    }
    return number
  }

  /// One feature per key that wasn't read, isn't known to be free, isn't off, and sounds like structure.
  func unrecognisedFeatures() -> [String] {
    values.keys.sorted().compactMap { key in
      guard !used.contains(key), !CostNeutralKeys.all.contains(key), let value = values[key], !value.isOff
      else { return nil }
      let lowered = key.lowercased()
      guard CostNeutralKeys.structuralWords.contains(where: lowered.contains) else { return nil }
      return "unrecognised config key '\(prefix)\(key)' = \(value.summary)"
    }
  }
}
