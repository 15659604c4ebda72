import CostModel
import Documents
import Hardware
import Models
import Workload

/// Everything that scenarios can name, loaded once and shared by all points of a sweep.
public struct ScenarioCatalogue: Sendable {
  /// The systems.
  public var systems: SystemCatalogue
  /// The models.
  public var models: ModelCatalogue
  /// The length data sets.
  public var datasets: DatasetCatalogue
  /// What operators reach of the hardware's peaks.
  public var efficiencies: EfficiencyTable

  /// A catalogue of its parts.
  public init(
    systems: SystemCatalogue, models: ModelCatalogue, datasets: DatasetCatalogue,
    efficiencies: EfficiencyTable
  ) {
    self.systems = systems
    self.models = models
    self.datasets = datasets
    self.efficiencies = efficiencies
  }

  /// Loads what comes with tokenmill; throws every problem of every damaged part.
  public static func load() throws(Problems) -> ScenarioCatalogue {
    let problems = ProblemCollector()
    var systems: SystemCatalogue?
    var models: ModelCatalogue?
    var datasets: DatasetCatalogue?
    var efficiencies: EfficiencyTable?
    do { systems = try SystemCatalogue.load() } catch { problems.record(error) }
    do { efficiencies = try EfficiencyTable.load() } catch { problems.record(error) }
    do { models = try ModelCatalogue.load() } catch {
      problems.record(Problem(file: "model catalogue", message: error.description))
    }
    do { datasets = try DatasetCatalogue.load() } catch {
      problems.record(
        Problem(file: error.file, line: error.line > 0 ? error.line : nil, message: error.reason))
    }
    guard let systems, let models, let datasets, let efficiencies else { throw Problems(problems.problems) }
    return ScenarioCatalogue(systems: systems, models: models, datasets: datasets, efficiencies: efficiencies)
  }
}
