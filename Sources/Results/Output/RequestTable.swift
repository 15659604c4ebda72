import Documents
import Simulation

/// Completed requests as comma-separated values, one a line under a header that names the units.
public enum RequestTable {
  /// The header line, without its newline.
  public static let header =
    "deployment,stream,request,replica,input_tokens,output_tokens,arrival_seconds,scheduled_seconds,"
    + "first_token_seconds,last_token_seconds,queue_seconds,ttft_seconds,tpot_seconds,e2e_seconds,preemptions,"
    + "cached_input_tokens"

  /// Writes the requests of all deployments, by deployment, stream and request number.
  ///
  /// Instants count from the start of the run. `tpot_seconds` is empty for a request with one output token.
  public static func write(_ outcomes: [DeploymentOutcome], to file: OutputFile) throws(Problems) {
    try file.write { (append) throws(Problems) in
      var part = header + "\n"
      for outcome in outcomes {
        let name = CSVText.quoted(outcome.name)
        for record in outcome.observations.records {
          part += name + "," + line(record) + "\n"
          if part.utf8.count > 1 << 20 {
            try append(part)
            part = ""
          }
        }
      }
      try append(part)
    }
  }

  /// The fields of a request after its deployment.
  static func line(_ record: RequestRecord) -> String {
    let endToEnd = record.completed.nanoseconds - record.arrival.nanoseconds
    let firstToken = record.firstToken.nanoseconds - record.arrival.nanoseconds
    let gaps = Int64(record.outputTokens) - 1
    let perToken = gaps > 0 ? "\(Double(endToEnd - firstToken) / Double(gaps) * 1e-9)" : ""
    let fields: [String] = [
      "\(record.stream)", "\(record.index)", "\(record.replica)", "\(record.inputTokens)",
      "\(record.outputTokens)",
      decimal(record.arrival.nanoseconds), decimal(record.scheduled.nanoseconds),
      decimal(record.firstToken.nanoseconds), decimal(record.completed.nanoseconds),
      decimal(record.scheduled.nanoseconds - record.arrival.nanoseconds), decimal(firstToken), perToken,
      decimal(endToEnd), "\(record.preemptions)", "\(record.cachedTokens)",
    ]
    return fields.joined(separator: ",")
  }

  /// Nanoseconds as seconds, exactly.
  static func decimal(_ nanoseconds: Int64) -> String {
    let (seconds, rest) = nanoseconds.magnitude.quotientAndRemainder(dividingBy: 1_000_000_000)
    let fraction = String(rest)
    return (nanoseconds < 0 ? "-" : "") + "\(seconds)." + String(repeating: "0", count: 9 - fraction.count)
      + fraction
  }
}
