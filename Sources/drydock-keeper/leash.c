// The process that a service must not outlive. It is watched by a descriptor of the process (Linux 5.3), elsewhere by a
// look now and then.
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/syscall.h>
// The same number on every architecture; a header older than the kernel does not have it.
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#endif

#include "keeper.h"

static bool is_there(struct identity holder) { return identify(holder.pid).start == holder.start; }

struct leash leash_open(struct identity holder) {
  struct leash leash = {.holder = holder, .fd = -1};
  if (holder.pid == 0) return leash;
#ifdef __linux__
  leash.fd = (int)syscall(SYS_pidfd_open, holder.pid, 0);
  if (leash.fd >= 0) fcntl(leash.fd, F_SETFD, FD_CLOEXEC);
#endif
  // It was opened by its number: whose that is shows only while it is held.
  leash.is_off = !is_there(holder);
  return leash;
}

bool leash_is_off(struct leash *leash) {
  if (leash->holder.pid == 0 || leash->is_off) return leash->is_off;
  struct pollfd watched = {.fd = leash->fd, .events = POLLIN};
  leash->is_off = leash->fd >= 0 ? poll(&watched, 1, 0) > 0 : !is_there(leash->holder);
  return leash->is_off;
}
