import Documents

extension EconomicsFigures {
  /// The block of the JSON summary, beside what renting the accelerators costs.
  func json(rental: Double?) -> JSONValue {
    [
      "annual_dollars": .object(parts.map { ($0.name, .double($0.dollars)) }),
      "dollars_per_million_output_tokens": .object(
        parts.map { ($0.name, .optional(perMillionTokens($0.dollars))) }),
      "dollars_per_gpu_hour": .double(dollarsPerAcceleratorHour),
      "rental_dollars_per_million_output_tokens": .optional(rental),
    ]
  }
}
