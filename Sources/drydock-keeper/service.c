// A service while it runs: its output, its terminal, its calls that are answered here, its end, and the end of what it
// must not outlive.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <sys/wait.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "keeper.h"

enum { CHUNK = 64 * 1024, CHUNKS_A_ROUND = 4, MOST_DRAINED = 64, MOST_ANSWERS = 64 };

struct service {
  pid_t main;
  int status;
  bool has_ended;
  struct ends ends;
  struct leash leash;
  struct port_map *ports;
  struct lines *lines;
  struct terminal *terminal;
};

// Takes what a stream has now, within a bound; closes it at its end.
static void copy_stream(struct service *service, int *fd, enum stream_kind kind, int most) {
  static char buffer[CHUNK];
  for (int i = 0; *fd >= 0 && i < most; i++) {
    ssize_t count = read(*fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count > 0) {
      lines_take(service->lines, kind, buffer, (size_t)count);
    } else {
      close(*fd);
      *fd = -1;
    }
  }
}

static void answer_binds(struct service *service, short events) {
  struct pollfd more = {.fd = service->ends.binds, .events = POLLIN, .revents = events};
  for (int i = 0; i < MOST_ANSWERS && (more.revents & POLLIN); i++) {
    binds_answer(service->ends.binds, service->ports);
    if (poll(&more, 1, 0) <= 0) return;
  }
  // Nobody is left who could call.
  if (!(more.revents & POLLIN) && (more.revents & (POLLHUP | POLLERR))) close(service->ends.binds), service->ends.binds = -1;
}

// Waits for events or a child's end, whose signal is held back elsewhere.
static int wait_for(struct pollfd *watched, nfds_t count, bool has_to_look) {
  sigset_t none;
  sigemptyset(&none);
#ifdef __linux__
  struct timespec pause = {0, 250000000};
  return ppoll(watched, count, has_to_look ? &pause : NULL, &none);
#else
  (void)has_to_look;
  sigset_t before;
  sigprocmask(SIG_SETMASK, &none, &before);
  int ready = poll(watched, count, 250);
  sigprocmask(SIG_SETMASK, &before, NULL);
  return ready;
#endif
}

// Waits for what comes, a signal of a child's end included, and handles it.
static void attend(struct service *service) {
  struct pollfd watched[4 + 2 + MOST_CLIENTS] = {
      {.fd = service->ends.output, .events = POLLIN},
      {.fd = service->ends.error, .events = POLLIN},
      {.fd = service->ends.binds, .events = POLLIN},
      {.fd = service->leash.fd, .events = POLLIN},
  };
  nfds_t count = 4;
  if (service->terminal) count += terminal_watch(service->terminal, watched + 4);
  // A client that does not read, a process that can only be looked at.
  bool has_to_look = (service->terminal && terminal_holds(service->terminal)) || (service->leash.holder.pid != 0 && service->leash.fd < 0);
  if (wait_for(watched, count, has_to_look) < 0) return;
  if (watched[0].revents) copy_stream(service, &service->ends.output, STREAM_OUTPUT, CHUNKS_A_ROUND);
  if (watched[1].revents) copy_stream(service, &service->ends.error, STREAM_ERROR, CHUNKS_A_ROUND);
  if (watched[2].revents) answer_binds(service, watched[2].revents);
  if (service->terminal) terminal_serve(service->terminal, watched + 4, service->lines);
  lines_flush(service->lines);
}

// Also takes what others left to this process, being the parent of all that has none.
static void reap(struct service *service) {
  int status;
  pid_t ended;
  while ((ended = waitpid(-1, &status, WNOHANG)) > 0)
    if (ended == service->main) service->has_ended = true, service->status = status;
}

static void finish(struct service *service) {
  end_descendants(service->main, &service->status);
  // Bounded, as somebody else may have been handed a pipe.
  copy_stream(service, &service->ends.output, STREAM_OUTPUT, MOST_DRAINED);
  copy_stream(service, &service->ends.error, STREAM_ERROR, MOST_DRAINED);
  if (service->terminal) terminal_close(service->terminal, service->lines);
  lines_finish(service->lines);
}

void service_adopt(void) {
#ifdef __linux__
  prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
}

static void prepare(struct service *service, const struct spec *spec, int folder, const struct logfile *log) {
  signal(SIGXFSZ, SIG_IGN);
  service->lines = lines_open(log, spec->has_terminal);
  if (!service->lines) _exit(EXIT_FAILURE);
  if (spec->has_terminal) {
    service->terminal = terminal_open(folder, service->ends.output);
    if (service->terminal) service->ends.output = -1;
  }
  if (service->ends.output >= 0) fcntl(service->ends.output, F_SETFL, O_NONBLOCK);
  if (service->ends.error >= 0) fcntl(service->ends.error, F_SETFL, O_NONBLOCK);
}

struct service *service_open(pid_t main, struct spec *spec, int folder, const struct ends *ends, const struct logfile *log) {
  struct service *service = calloc(1, sizeof *service);
  if (!service) _exit(EXIT_FAILURE);
  *service = (struct service){
      .main = main, .ends = *ends, .leash = leash_open(spec->leash), .ports = &spec->ports,
  };
  prepare(service, spec, folder, log);
  return service;
}

int service_keep(struct service *service) {
  bool is_off = false;
  for (reap(service); !service->has_ended && !is_off; reap(service)) {
    attend(service);
    is_off = leash_is_off(&service->leash);
  }
  if (is_off && !service->has_ended) lines_event(service->lines, "ended, as what started it is gone");
  finish(service);
  return service->status;
}
