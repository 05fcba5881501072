// Answers calls of bind(2) and listen(2) that were stopped in the kernel.
//
// The address is read once, decided on and bound from that copy, on a descriptor of the caller's socket: what its other
// threads write meanwhile changes nothing.
#define _GNU_SOURCE
#include "keeper.h"

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))
#include <errno.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
// Carried out by the kernel as it was called.
enum { GO_ON = 1 };

union address {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
  char bytes[sizeof(struct sockaddr_storage)];
};

// One call of a service's.
struct call {
  int listener;
  const struct seccomp_notif *request;
  struct port_map *map;
  pid_t process;  // not the thread
  int fd;  // the caller's socket, here
  int family, type;
};

static const struct in6_addr mapped_loopback = {.s6_addr = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};

// Whether the caller still waits for this very answer: else its number may be another's by now.
static bool is_valid(const struct call *call) {
  return ioctl(call->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call->request->id) == 0;
}

// The process of a thread.
static pid_t process_of(pid_t thread) {
  char path[64], line[256];
  long process = thread;
  snprintf(path, sizeof path, "/proc/%ld/status", (long)thread);
  FILE *file = fopen(path, "re");
  while (file && fgets(line, sizeof line, file))
    if (sscanf(line, "Tgid: %ld", &process) == 1) break;
  if (file) fclose(file);
  return (pid_t)process;
}

// A descriptor of a process's, here; -1 with errno.
static int borrow(pid_t process, int number) {
  int holder = (int)syscall(SYS_pidfd_open, process, 0);
  if (holder < 0) return -1;
  int fd = (int)syscall(SYS_pidfd_getfd, holder, number, 0);
  int saved = errno;
  close(holder);
  return errno = saved, fd;
}

static int read_address(const struct call *call, union address *address, socklen_t *length) {
  // As the kernel takes it: an int.
  int claimed = (int)call->request->data.args[2];
  if (claimed < 0 || (size_t)claimed > sizeof *address) return -EINVAL;
  memset(address, 0, sizeof *address);
  struct iovec here = {address, (size_t)claimed};
  struct iovec there = {(void *)(uintptr_t)call->request->data.args[1], (size_t)claimed};
  if (process_vm_readv((pid_t)call->request->pid, &here, 1, &there, 1, 0) != claimed) return -EFAULT;
  *length = (socklen_t)claimed;
  return 0;
}

static struct port_pair *pair_of(struct port_map *map, in_port_t port) {
  for (size_t i = 0; i < map->count; i++)
    if (map->pairs[i].from == ntohs(port)) return &map->pairs[i];
  return NULL;
}

static bool is_loopback4(struct in_addr address) { return ntohl(address.s_addr) >> 24 == 127; }

static bool is_loopback6(const struct in6_addr *address) {
  return IN6_IS_ADDR_LOOPBACK(address) || (IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127);
}

static int bind_it(const struct call *call, const union address *address, socklen_t length) {
  union address now;
  socklen_t size = sizeof now;
  if (bind(call->fd, &address->any, length) == 0) return 0;
  int error = errno;
  // A caller that a signal interrupted, which older kernels let happen, calls again.
  bool is_done = error == EINVAL && getsockname(call->fd, &now.any, &size) == 0 && size == length
                 && memcmp(&now, address, length) == 0;
  return is_done ? 0 : -error;
}

static void note(const struct call *call, struct bound *bound) {
  struct stat info;
  if (fstat(call->fd, &info) != 0) return;
  *bound = (struct bound){.process = call->process, .fd = (int)call->request->data.args[0], .inode = info.st_ino};
}

// Whether the caller has still open what it bound.
static bool has_sibling(const struct call *call, const struct bound *bound) {
  struct stat info;
  if (bound->process != call->process) return false;
  int fd = borrow(bound->process, bound->fd);
  bool is_same = fd >= 0 && fstat(fd, &info) == 0 && info.st_ino == bound->inode;
  if (fd >= 0) close(fd);
  return is_same;
}

static int bind_declared_v4(const struct call *call, struct port_pair *pair, union address *address, socklen_t length) {
  // Where the service's socket for IPv6 has the address, it gets what arrives there: this one only has to have a place.
  bool is_second = has_sibling(call, &pair->v6_only);
  address->v4.sin_port = htons(pair->to);
  address->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK + is_second);
  int result = bind_it(call, address, length);
  if (result == 0 && !is_second) note(call, &pair->v4);
  return result;
}

static int bind_v4(const struct call *call, union address *address, socklen_t length) {
  struct port_pair *pair = pair_of(call->map, address->v4.sin_port);
  if (pair) return bind_declared_v4(call, pair, address, length);
  if (!is_loopback4(address->v4.sin_addr)) address->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return bind_it(call, address, length);
}

static bool is_v6_only(int fd) {
  int only = 0;
  socklen_t size = sizeof only;
  return getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &size) == 0 && only;
}

static void set_v6_only(int fd, int only) { setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only); }

// A socket for IPv6 alone is put at 127.0.0.1 too, as that is where the port is looked for, unless a sibling for IPv4 is
// there. Two sockets that both permit it can be bound to one address, but only one of them can listen.
static int bind_declared_v6(const struct call *call, struct port_pair *pair, union address *address, socklen_t length) {
  bool is_only = is_v6_only(call->fd), is_second = is_only && has_sibling(call, &pair->v4);
  address->v6.sin6_port = htons(pair->to);
  address->v6.sin6_addr = is_second ? in6addr_loopback : mapped_loopback;
  if (is_only && !is_second) set_v6_only(call->fd, 0);
  int result = bind_it(call, address, length);
  if (result == 0 && is_only && !is_second) note(call, &pair->v6_only);
  if (result != 0 && is_only) set_v6_only(call->fd, 1);
  return result;
}

static int bind_v6(const struct call *call, union address *address, socklen_t length) {
  struct port_pair *pair = pair_of(call->map, address->v6.sin6_port);
  if (pair) return bind_declared_v6(call, pair, address, length);
  if (!is_loopback6(&address->v6.sin6_addr))
    address->v6.sin6_addr = is_v6_only(call->fd) ? in6addr_loopback : mapped_loopback;
  return bind_it(call, address, length);
}

static int answer_bind(const struct call *call) {
  union address address;
  socklen_t length = 0;
  int failure = read_address(call, &address, &length);
  if (failure != 0) return failure;
  if (!is_valid(call)) return -ESRCH;
  bool is_any = address.any.sa_family == AF_UNSPEC && address.v4.sin_addr.s_addr == htonl(INADDR_ANY);
  bool is_v4 = call->family == AF_INET && length >= (socklen_t)sizeof address.v4
               && (address.any.sa_family == AF_INET || is_any);
  bool is_v6 = call->family == AF_INET6 && length >= (socklen_t)sizeof address.v6 && address.any.sa_family == AF_INET6;
  bool has_ports = call->type == SOCK_STREAM || call->type == SOCK_DGRAM;
  // A port that the kernel chooses stays where it was asked for: such a socket may be about to call somebody. If it is
  // about to listen, listen(2) comes.
  if (is_v4 && has_ports && address.v4.sin_port != 0) {
    address.v4.sin_family = AF_INET;
    return bind_v4(call, &address, sizeof address.v4);
  }
  if (is_v6 && has_ports && address.v6.sin6_port != 0) return bind_v6(call, &address, sizeof address.v6);
  return bind_it(call, &address, length);
}

static int bind_anywhere(const struct call *call) {
  union address address = {.v6 = {.sin6_family = AF_INET6, .sin6_addr = mapped_loopback}};
  if (call->family == AF_INET) {
    memset(&address, 0, sizeof address);
    address.v4.sin_family = AF_INET;
    address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return bind_it(call, &address, sizeof address.v4);
  }
  if (is_v6_only(call->fd)) address.v6.sin6_addr = in6addr_loopback;
  return bind_it(call, &address, sizeof address.v6);
}

// A socket that is at no loopback address was bound to a port of the kernel's choice, or not at all. The first hears the
// loopback interface alone from now on.
static int answer_listen(const struct call *call) {
  union address now;
  socklen_t size = sizeof now;
  memset(&now, 0, sizeof now);
  if (getsockname(call->fd, &now.any, &size) != 0) return -errno;
  bool is_v4 = call->family == AF_INET;
  bool is_loopback = is_v4 ? is_loopback4(now.v4.sin_addr) : is_loopback6(&now.v6.sin6_addr);
  int result = 0;
  if ((is_v4 ? now.v4.sin_port : now.v6.sin6_port) == 0) result = bind_anywhere(call);
  else if (!is_loopback) result = setsockopt(call->fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof "lo") == 0 ? 0 : -EACCES;
  if (result != 0) return result;
  return listen(call->fd, (int)call->request->data.args[1]) == 0 ? 0 : -errno;
}

static bool option(int fd, int name, int *value) {
  socklen_t size = sizeof *value;
  return getsockopt(fd, SOL_SOCKET, name, value, &size) == 0;
}

// 0, a negative errno, or GO_ON.
static int answer(struct call *call) {
  call->process = process_of((pid_t)call->request->pid);
  call->fd = borrow(call->process, (int)call->request->data.args[0]);
  int failure = call->fd < 0 ? errno : 0;
  if (!is_valid(call)) return -ESRCH;
  if (failure != 0) return failure == EBADF ? -EBADF : -EACCES;
  if (!option(call->fd, SO_DOMAIN, &call->family) || !option(call->fd, SO_TYPE, &call->type)) return GO_ON;
  if (call->family != AF_INET && call->family != AF_INET6) return GO_ON;
  return call->request->data.nr == SYS_bind ? answer_bind(call) : answer_listen(call);
}

// Room for what this kernel has, which may be more than the header says.
static bool make_room(struct seccomp_notif **request, struct seccomp_notif_resp **response) {
  struct seccomp_notif_sizes sizes;
  if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) return false;
  *request = calloc(1, sizes.seccomp_notif > sizeof **request ? sizes.seccomp_notif : sizeof **request);
  *response = calloc(
      1, sizes.seccomp_notif_resp > sizeof **response ? sizes.seccomp_notif_resp : sizeof **response);
  return *request && *response;
}

void binds_answer(int listener, struct port_map *map) {
  struct seccomp_notif *request = NULL;
  struct seccomp_notif_resp *response = NULL;
  // A caller that died meanwhile is no longer to be had, and needs no answer.
  if (make_room(&request, &response) && ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, request) == 0) {
    struct call call = {.listener = listener, .request = request, .map = map, .fd = -1};
    int result = answer(&call);
    if (call.fd >= 0) close(call.fd);
    response->id = request->id;
    response->flags = result == GO_ON ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
    response->error = result == GO_ON ? 0 : result;
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, response);
  }
  free(request);
  free(response);
}
#else
void binds_answer(int listener, struct port_map *map) { (void)listener, (void)map; }
#endif
