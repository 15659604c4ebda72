import Hardware
import Models
import Quantities
import Testing

@testable import CostModel

@Suite("Exchanges between accelerators")
struct CollectiveTests {
  @Test("all-reduce on a switched fabric, by hand")
  func switched() throws {
    let collectives = try design("llama-3.1-70b", on: "h100-sxm", tensor: 8, calibrated: false).collectives
    // 450 GB/s x 0.75 = 337.5 GB/s; 64 MiB: two shots: 2 x 5 us + 2 x 7/8 x 64 MiB / 337.5 GB/s = 358 us.
    let large = collectives.allReduce(bytes: 67_108_864, size: 8)[.time]
    #expect(abs(large - (10e-6 + 1.75 * 67_108_864 / 337.5e9)) < 1e-9)
    // 16 KiB: one shot: 5 us + 7 x 16 KiB / 337.5 GB/s.
    let small = collectives.allReduce(bytes: 16_384, size: 8)[.time]
    #expect(abs(small - (5e-6 + 7 * 16_384 / 337.5e9)) < 1e-9)
    #expect(collectives.allReduce(bytes: 1e9, size: 1)[.time] == 0)
  }

  @Test("on a full mesh a group of two has one of seven links")
  func mesh() throws {
    let collectives = try design("llama-3.1-70b", on: "mi300x", tensor: 2, calibrated: false).collectives
    let seconds = collectives.allReduce(bytes: 1e9, size: 2)[.time]
    // 448 GB/s over 7 links: 64 GB/s to the one peer, x 0.75.
    #expect(abs(seconds - 1e9 / 48e9) < 2e-5)
  }

  /// The busiest accelerators' bytes of each form, counted message by message.
  @Test func formsSendWhatTheirMessagesDo() {
    func bytes(_ algorithm: Exchange.Algorithm, _ size: Int) -> Double {
      algorithm.seconds(bytes: 1, size: size, latency: 0, bandwidth: 1)
    }
    func phases(_ algorithm: Exchange.Algorithm, _ size: Int) -> Double {
      algorithm.seconds(bytes: 0, size: size, latency: 1, bandwidth: 1)
    }
    for size in [2, 4, 8, 16, 64] {
      #expect(bytes(.oneShot, size) == Double(size - 1) && phases(.oneShot, size) == 1)
      #expect(bytes(.ring, size) == bytes(.twoShot, size) && phases(.twoShot, size) == 2)
      // Each of n - 1 steps passes on a part of 1/n, twice round.
      #expect(abs(bytes(.ring, size) - 2 * Double(size - 1) / Double(size)) < 1e-15)
      #expect(phases(.ring, size) == 2 * Double(size - 1))
      #expect(bytes(.tree, size) == 2 && phases(.tree, size) == 2 * log2(size))
      #expect(bytes(.inNetwork, size) == 1 + 1 / Double(size))
    }
    func log2(_ size: Int) -> Double { Double(size.trailingZeroBitCount) }
  }

  /// Rings win where bytes cost, trees where phases do; sums in switches halve the bytes.
  @Test func overTheNetwork() {
    func seconds(_ bytes: Double, inNetwork: Bool = false) -> Double {
      Exchange.networkAllReduceSeconds(
        bytes: bytes, size: 8, latency: 20e-6, bandwidth: 40e9, inNetwork: inNetwork)
    }
    #expect(abs(seconds(1e9) - (14 * 20e-6 + 1.75 / 40)) < 1e-12)
    #expect(abs(seconds(1e4) - (6 * 20e-6 + 2e4 / 40e9)) < 1e-12)
    #expect(abs(seconds(1e9, inNetwork: true) - (2 * 20e-6 + 1.125 / 40)) < 1e-12)
  }

  @Test("over two nodes: shots inside, a ring of each part across")
  func hierarchical() throws {
    let collectives = try design("llama-3.1-70b", on: "h100-sxm", tensor: 8, calibrated: false).collectives
    #expect(collectives.spread(size: 16) == (joined: 8, domains: 2))
    let inside = collectives.allReduce(bytes: 1e8, size: 8)[.time]
    // 50 GB/s x 0.8 an adapter, an eighth of the bytes each: 2 x 20 us + 2 x 1/2 x 12.5 MB / 40 GB/s.
    let across = 40e-6 + 12.5e6 / 40e9
    #expect(abs(collectives.allReduce(bytes: 1e8, size: 16)[.time] - inside - across) < 1e-9)
  }

  @Test("what leaves a domain and what stays travel side by side")
  func allToAll() throws {
    let collectives = try design("llama-3.1-70b", on: "h100-sxm", tensor: 8, calibrated: false).collectives
    // 8 of 15 others are beyond: 20 us + 8/15 of 150 MB / 40 GB/s; the rest takes 70 MB / 337.5 GB/s.
    #expect(abs(collectives.allToAll(bytes: 150e6, size: 16)[.time] - (20e-6 + 80e6 / 40e9)) < 1e-9)
  }

  /// DeepSeek's layers on 16 H100: half of the 8 experts are on the other node.
  @Test func expertsOverTheNetwork() throws {
    let collectives = try design(
      "deepseek-r1", on: "h100-sxm", weights: .fp8, activations: .fp8, expert: 16, attentionData: 16,
      framework: .sglang, calibrated: false
    ).collectives
    func seconds(_ tokens: Double, size: Int) -> Double {
      collectives.expertExchange(
        tokens: tokens, perToken: 8, size: size, dispatchBytes: 7168, combineBytes: 14336)[.time]
    }
    // Four copies leave: 36 us inside + 2 x 7 us + 32 x 4 x 21,504 B / (0.92 x 50 GB/s).
    #expect(abs(seconds(32, size: 16) - (50e-6 + 32 * 4 * 21504 / 46e9)) < 1e-9)
    // A prompt's tokens go to the other node once: 36 us + 2 x 71 us + 8192 x (1 - 1/2^8) x 21,504 B / (0.67 x 50 GB/s).
    let once = 1 - 1 / 256.0
    #expect(abs(seconds(8192, size: 16) - (178e-6 + 8192 * once * 21504 / 33.5e9)) < 1e-9)
    // More nodes, more leaves: up to all copies.
    #expect(seconds(128, size: 8) < seconds(128, size: 16))
    #expect(seconds(128, size: 16) < seconds(128, size: 32))
    let all = Collectives.leavingCopies(perToken: 8, domains: 1000)
    #expect(all.perExpert == 7.992 && all.perDomain < 8 && all.perDomain > 7.9)
  }

  /// A switch that sums halves what an accelerator sends, where no measurement speaks.
  @Test func sumsInSwitches() throws {
    var base = try design("llama-3.1-70b", on: "h100-sxm", tensor: 8, calibrated: false)
    let plain = base.collectives.allReduce(bytes: 1e9, size: 8)[.time]
    var system = base.system
    system.scaleUp.sumsInNetwork = true
    base = ReplicaDesign(
      model: base.model, system: system, precision: base.precision, parallel: base.parallel,
      framework: base.framework, efficiencies: base.efficiencies)
    let summed = base.collectives.allReduce(bytes: 1e9, size: 8)[.time]
    #expect(abs(plain - (10e-6 + 1.75e9 / 337.5e9)) < 1e-9)
    #expect(abs(summed - (10e-6 + 1.125e9 / 337.5e9)) < 1e-9)
  }
}
