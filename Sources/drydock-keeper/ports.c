// The ports of a service: its calls of bind(2) and listen(2) stop in the kernel and are answered by the keeper, which
// carries them out on the caller's own socket (binds.c). So every service may bind the port that it has on AWS.
//
// This is for services that mean no harm to their user, as whom they run with all rights: no prison.
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "keeper.h"

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

// Newer than some headers. The first: a caller whose call was taken up is not interrupted, unless to die.
enum { WAIT_KILLABLE = 1 << 5, NEW_LISTENER = 1 << 3, SPEC_ALLOW = 1 << 2 };
// The same number on every architecture. It binds sockets past the filter; engines of containers forbid it too.
enum { IO_URING_SETUP = 425 };

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
#define IF(number, value) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), RETURN(value)
#define REFUSE(number) (SECCOMP_RET_ERRNO | (number))

static struct sock_filter filter[] = {
    LOAD(arch),
#ifdef __x86_64__
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 13, 0),
    // Programs of 32 bits: their own bind, listen and socketcall(2) with these two inside.
    LOAD(nr), IF(361, REFUSE(EACCES)), IF(363, REFUSE(EACCES)), IF(IO_URING_SETUP, REFUSE(ENOSYS)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 102, 0, 3), LOAD(args[0]),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2, 2, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4, 1, 0),
    RETURN(SECCOMP_RET_ALLOW), RETURN(REFUSE(EACCES)),
    LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1), RETURN(REFUSE(ENOSYS)),
#else
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_AARCH64, 8, 0),
    LOAD(nr), IF(282, REFUSE(EACCES)), IF(284, REFUSE(EACCES)), IF(IO_URING_SETUP, REFUSE(ENOSYS)),
    RETURN(SECCOMP_RET_ALLOW),
    LOAD(nr),
#endif
    IF(SYS_bind, SECCOMP_RET_USER_NOTIF), IF(SYS_listen, SECCOMP_RET_USER_NOTIF),
    IF(IO_URING_SETUP, REFUSE(ENOSYS)), RETURN(SECCOMP_RET_ALLOW),
};

static int install(void) {
  struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  int flags = NEW_LISTENER | SPEC_ALLOW;
  int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | WAIT_KILLABLE, &program);
  return fd >= 0 || errno != EINVAL ? fd : (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

union control {
  struct cmsghdr header;
  char bytes[CMSG_SPACE(sizeof(int))];
};

static bool send_descriptor(int socket, int fd) {
  char byte = 'd';
  union control control;
  memset(&control, 0, sizeof control);
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  control.header.cmsg_level = SOL_SOCKET;
  control.header.cmsg_type = SCM_RIGHTS;
  control.header.cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
  return sendmsg(socket, &message, MSG_NOSIGNAL) == 1;
}

bool ports_divert(int socket) {
  int fd = install();
  if (fd < 0) return false;
  bool sent = send_descriptor(socket, fd);
  close(fd);
  return sent;
}

int ports_receive(int socket) {
  char byte;
  int fd = -1;
  union control control;
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t count;
  do count = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (count < 0 && errno == EINTR);
  if (count == 1 && CMSG_FIRSTHDR(&message)) memcpy(&fd, CMSG_DATA(&control.header), sizeof fd);
  return fd;
}

// What a service does: binds a port, and finds itself at another.
static int try_out(int socket_pair) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(UINT16_MAX)};
  socklen_t length = sizeof address;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !ports_divert(socket_pair)) return errno;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, 1) != 0
      || getsockname(fd, (struct sockaddr *)&address, &length) != 0)
    return errno;
  return address.sin_addr.s_addr == htonl(INADDR_LOOPBACK) && address.sin_port != htons(UINT16_MAX) ? 0 : ENOSYS;
}

int can_map_ports(void) {
  int ends[2], status;
  struct port_map map = {.pairs = &(struct port_pair){.from = UINT16_MAX, .to = 0}, .count = 1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return EX_OSERR;
  pid_t child = fork();
  if (child < 0) return EX_OSERR;
  if (child == 0) _exit(try_out(ends[1]));
  close(ends[1]);
  int binds = ports_receive(ends[0]);
  // Ends with the child: the kernel hangs up. Where it is too old for that, so does the child's side of the pair.
  struct pollfd watched[] = {{.fd = binds, .events = POLLIN}, {.fd = ends[0], .events = POLLIN}};
  while (binds >= 0 && poll(watched, 2, 5000) > 0 && (watched[0].revents & POLLIN)) binds_answer(binds, &map);
  if (binds >= 0) close(binds);
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return EX_OSERR;
  if (WEXITSTATUS(status) == 0) return EX_OK;
  fprintf(stderr, "ports cannot be mapped here: %s\n", strerror(WEXITSTATUS(status)));
  return EX_UNAVAILABLE;
}
#else
bool ports_divert(int socket) {
  (void)socket;
  errno = ENOSYS;
  return false;
}

int ports_receive(int socket) {
  (void)socket;
  return -1;
}

int can_map_ports(void) { return EX_UNAVAILABLE; }
#endif
