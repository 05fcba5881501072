#define _GNU_SOURCE
#include "listeners.h"

#include <errno.h>

#ifdef __linux__
#include <arpa/inet.h>
#include <dirent.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LISTENING = 10 }; // TCP_LISTEN of the kernel's net/tcp_states.h

struct search {
  uint16_t port;
  struct drydock_listener *out;
  int capacity, count;
};

static bool ask(int fd, uint8_t family, uint16_t port) {
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
  } message = {
    .header = {.nlmsg_len = sizeof message, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
    .request = {.sdiag_family = family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = 1 << LISTENING},
  };
  message.request.id.idiag_sport = htons(port);
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  ssize_t sent;
  do
    sent = sendto(fd, &message, sizeof message, 0, (struct sockaddr *)&kernel, sizeof kernel);
  while (sent < 0 && errno == EINTR);
  return sent == sizeof message;
}

// A socket of all IPv6 addresses takes IPv4's as well unless it was told not to.
static bool is_only_ipv6(const struct nlmsghdr *header, const struct inet_diag_msg *message) {
  int left = (int)header->nlmsg_len - (int)NLMSG_LENGTH(sizeof *message);
  for (struct rtattr *part = (struct rtattr *)(message + 1); RTA_OK(part, left); part = RTA_NEXT(part, left))
    if (part->rta_type == INET_DIAG_SKV6ONLY && RTA_PAYLOAD(part) >= 1) return *(uint8_t *)RTA_DATA(part) != 0;
  return false;
}

static bool gets_loopback(const struct nlmsghdr *header, const struct inet_diag_msg *message) {
  const uint32_t *address = message->id.idiag_src;
  if (message->idiag_family == AF_INET) return address[0] == 0 || address[0] == htonl(INADDR_LOOPBACK);
  if (address[0] == 0 && address[1] == 0 && address[2] == 0 && address[3] == 0) return !is_only_ipv6(header, message);
  bool is_mapped = address[0] == 0 && address[1] == 0 && address[2] == htonl(0xffff);
  return is_mapped && (address[3] == 0 || address[3] == htonl(INADDR_LOOPBACK));
}

// The word that tells 127.0.0.1 from all addresses, of IPv4 and of IPv4 in IPv6.
static bool is_open(const struct inet_diag_msg *message) {
  const uint32_t *address = message->id.idiag_src;
  return address[message->idiag_family == AF_INET ? 0 : 3] != htonl(INADDR_LOOPBACK);
}

static void note(struct search *search, const struct nlmsghdr *header) {
  const struct inet_diag_msg *message = NLMSG_DATA(header);
  if (header->nlmsg_len < NLMSG_LENGTH(sizeof *message) || message->id.idiag_sport != htons(search->port)) return;
  if (message->idiag_state != LISTENING || !gets_loopback(header, message)) return;
  if (search->count < search->capacity)
    search->out[search->count] =
      (struct drydock_listener){.inode = message->idiag_inode, .uid = message->idiag_uid, .is_open = is_open(message)};
  search->count++;
}

// Reads the answer to its end; 0, or an error number.
static int collect(int fd, struct search *search) {
  _Alignas(struct nlmsghdr) char buffer[16384];
  while (true) {
    struct sockaddr_nl sender;
    socklen_t size = sizeof sender;
    ssize_t length = recvfrom(fd, buffer, sizeof buffer, 0, (struct sockaddr *)&sender, &size);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return length < 0 ? errno : EIO;
    if (size != sizeof sender || sender.nl_pid != 0) continue; // not the kernel's
    unsigned left = (unsigned)length;
    for (struct nlmsghdr *header = (struct nlmsghdr *)buffer; NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type == NLMSG_DONE) return 0;
      if (header->nlmsg_type == NLMSG_ERROR) {
        const struct nlmsgerr *error = NLMSG_DATA(header);
        return error->error < 0 ? -error->error : EIO;
      }
      if (header->nlmsg_type == SOCK_DIAG_BY_FAMILY) note(search, header);
    }
  }
}

int drydock_listeners(uint16_t port, struct drydock_listener *out, int capacity) {
  int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (fd < 0) return -errno;
  // The kernel answers at once; a system that imitates it may not.
  struct timeval patience = {.tv_sec = 1};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  struct search search = {port, out, capacity, 0};
  const uint8_t families[] = {AF_INET, AF_INET6};
  int error = 0;
  for (int index = 0; index < 2 && error == 0; index++) {
    error = ask(fd, families[index], port) ? collect(fd, &search) : errno;
    // A kernel without IPv6 has nobody listening there.
    if (index == 1 && (error == ENOENT || error == EAFNOSUPPORT)) error = 0;
  }
  close(fd);
  return error == 0 ? search.count : -error;
}

static int look(const char *folder, const char *wanted) {
  DIR *entries = opendir(folder);
  if (!entries) return -errno;
  int result = 0;
  for (struct dirent *entry; result <= 0 && (entry = readdir(entries));) {
    char target[64];
    if (entry->d_name[0] == '.') continue;
    ssize_t length = readlinkat(dirfd(entries), entry->d_name, target, sizeof target - 1);
    if (length < 0 && errno != ENOENT) result = -errno;
    if (length < 0) continue;
    target[length] = 0;
    if (strcmp(target, wanted) == 0) result = 1;
  }
  closedir(entries);
  return result;
}

int drydock_has_socket(pid_t pid, uint32_t inode) {
  char folder[64], wanted[64];
  snprintf(folder, sizeof folder, "/proc/%ld/fd", (long)pid);
  snprintf(wanted, sizeof wanted, "socket:[%lu]", (unsigned long)inode);
  int result = look(folder, wanted);
  struct stat owner;
  if ((result != -EACCES && result != -EPERM) || geteuid() != 0 || stat(folder, &owner) != 0) return result;
  // root in a container lacks the right to look into others' processes (CAP_SYS_PTRACE), but may look with the eyes of
  // their user. This is about files alone, and about this thread alone.
  int group = setfsgid(owner.st_gid), user = setfsuid(owner.st_uid);
  result = look(folder, wanted);
  setfsuid((uid_t)user);
  setfsgid((gid_t)group);
  return result;
}
#else
int drydock_listeners(uint16_t port, struct drydock_listener *out, int capacity) {
  (void)port, (void)out, (void)capacity;
  return -ENOSYS;
}

int drydock_has_socket(pid_t pid, uint32_t inode) {
  (void)pid, (void)inode;
  return -ENOSYS;
}
#endif
