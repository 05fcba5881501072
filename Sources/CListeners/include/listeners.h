// Who listens at a TCP port of this machine, and which process has a socket: what Swift cannot ask the kernel itself.
// Nothing of it is there but on Linux.
#pragma once

#include <stdint.h>
#include <sys/types.h>

/// A socket that gets connections to 127.0.0.1.
struct drydock_listener {
  /// The number by which /proc/PID/fd names it.
  uint32_t inode;
  /// The user whose socket it is.
  uint32_t uid;
  /// Whether it gets what comes to other addresses too.
  uint8_t is_open;
};

/// Asks the kernel for the TCP sockets that get connections to 127.0.0.1 at `port` (sock_diag(7)).
/// Returns how many there are, which may be more than `capacity`; -errno where the kernel does not tell.
int drydock_listeners(uint16_t port, struct drydock_listener *_Nonnull out, int capacity);

/// Whether a process has the socket of that number among its descriptors: 1, 0, or -errno where that cannot be seen.
int drydock_has_socket(pid_t pid, uint32_t inode);
