import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOPosix

/// Answers requests of this machine over HTTP.
struct ExplorerServer {
  private let service: ExplorerService
  private let port: Int

  /// A server; port 0 takes a free one.
  init(_ service: ExplorerService, port: Int) {
    self.service = service
    self.port = port
  }

  /// Serves until the process ends.
  ///
  /// - Parameter isReady: gets the port when requests are taken.
  /// - Throws: that the port can't be had.
  func run(isReady: @escaping @Sendable (Int) -> Void) async throws {
    let channel = HTTP1Channel(responder: { [service] request, writer, channel in
      let response = await service.response(to: request, port: channel.localAddress?.port ?? 0)
      try await writer.write(response: response.head, body: response.body)
    })
    let server = Server(
      childChannelSetup: channel,
      // Nobody else's address is listened on.
      configuration: ServerConfiguration(address: .hostname("127.0.0.1", port: port)),
      onServerRunning: { isReady($0.localAddress?.port ?? 0) },
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
      logger: Logger(label: "tokenmill") { _ in SwiftLogNoOpLogHandler() })
    do {
      try await server.run()
    } catch let error as IOError {
      throw Failure(
        message: "port \(port): \(error.why)", status: .wrongInput)
    }
  }
}

extension IOError {
  /// Why a port can't be had, in words.
  fileprivate var why: String {
    switch errnoCode {
    case EADDRINUSE: "is in use by another program; --port 0 takes a free one"
    case EACCES: "may not be used; ports from 1024 may"
    default: description
    }
  }
}
