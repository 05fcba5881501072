import Essentials
import NIOCore

extension ChannelHandlerContext {
  /// Ends the connection the hard way, so that nobody takes what was sent for complete.
  func abort() {
    _ = (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
    close(promise: nil)
  }
}

extension ChannelOptions.Types.WriteBufferWaterMark {
  /// Some 200 kB at most are held each way.
  static let routing = ChannelOptions.Types.WriteBufferWaterMark(low: 32 * 1024, high: 128 * 1024)
}
