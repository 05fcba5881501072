/// How requests reach a service: the keys of a service that say so, with the defaults of AWS v2.
package struct ServiceRouting: Sendable, Hashable {
  /// `domain:`, without the empty ones.
  package var domains: [String] = []
  /// `internal:`: the router within the network, which `internalAndExternal` implies.
  package var isInternal = false
  /// `internalAndExternal:`: both routers.
  package var isInternalAndExternal = false
  /// `sticky:`: a client stays with the process that answered it first.
  package var isSticky = true
  /// `drain:`: how many seconds requests in flight have after a process left the balancer; not the grace of a stop.
  package var drain = 30
  /// v3's `tls.redirect`; v2 redirects http to https always.
  package var redirectsToTLS = true
  /// v3's `timeout:`, in seconds; a v2 balancer waits an hour. Nil where nothing is written.
  package var timeout: Int?

  /// All defaults.
  package init() {}
}
