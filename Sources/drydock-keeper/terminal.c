// A terminal without a screen, which a service has from its start. Who wants to see it or type comes through a socket in the
// service's folder, at any time and more than one at once.
//
// A client gets what is written to the terminal, byte by byte, the line that has not ended first. It sends frames: a
// letter, the length of what follows in two bytes, the higher one first, and that: `i` input, `w` the rows and columns of its
// window, in two bytes each.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "keeper.h"

enum { CHUNK = 4096, HEAD = 3, PATIENCE_MS = 2000, MOST_DRAINED = 256 };

struct client {
  int fd;  // -1 for none
  bool is_blocked;  // the service does not read what was typed
  size_t held;
  unsigned char frame[HEAD + CHUNK];
  size_t sent, pending;  // of `output`
  char output[CHUNK];
  long long since;  // when it was given that
};

struct terminal {
  int end, listener, folder;
  bool has_ended;
  struct client clients[MOST_CLIENTS];
};

static void resize(int end, struct window window) {
  struct winsize size = {.ws_row = window.rows, .ws_col = window.columns};
  ioctl(end, TIOCSWINSZ, &size);
}

bool terminal_make(struct window window, int ends[2]) {
  ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
  if (ends[0] < 0 || grantpt(ends[0]) != 0 || unlockpt(ends[0]) != 0) return false;
  const char *name = ptsname(ends[0]);
  ends[1] = name ? open(name, O_RDWR | O_NOCTTY) : -1;
  if (ends[1] < 0) return false;
  resize(ends[0], window);
  return fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0 && fcntl(ends[1], F_SETFD, FD_CLOEXEC) == 0;
}

bool terminal_take(int end) { return ioctl(end, TIOCSCTTY, 0) == 0; }

static const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "attach.sock"};

// By its name alone, from within the folder: a path may be longer than an address.
static bool listen_in(int folder, int fd) {
  if (fchdir(folder) != 0) return false;
  mode_t before = umask(0177);
  bool is_bound = (unlink(address.sun_path) == 0 || errno == ENOENT)
                  && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 && listen(fd, MOST_CLIENTS) == 0;
  umask(before);
  return chdir("/") == 0 && is_bound;
}

static bool set_flags(int fd) {
  return fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

struct terminal *terminal_open(int folder, int end) {
  struct terminal *terminal = calloc(1, sizeof *terminal);
  if (!terminal || !set_flags(end)) return NULL;
  terminal->end = end;
  terminal->folder = folder;
  terminal->listener = socket(AF_UNIX, SOCK_STREAM, 0);
  for (int i = 0; i < MOST_CLIENTS; i++) terminal->clients[i].fd = -1;
  if (set_flags(terminal->listener) && listen_in(folder, terminal->listener)) return terminal;
  // The service runs all the same, only that nobody gets to its terminal.
  if (terminal->listener >= 0) close(terminal->listener);
  terminal->listener = -1;
  return terminal;
}

static void leave(struct client *client) {
  if (client->fd >= 0) close(client->fd);
  memset(client, 0, sizeof *client);
  client->fd = -1;
}

// A client that does not read holds the service up, as a terminal does, but not for long.
static void send_pending(struct client *client) {
  while (client->fd >= 0 && client->sent < client->pending) {
    ssize_t count = write(client->fd, client->output + client->sent, client->pending - client->sent);
    if (count > 0) client->sent += (size_t)count;
    else if (count < 0 && errno == EINTR) continue;
    else if (count < 0 && errno == EAGAIN && now_ms() - client->since < PATIENCE_MS) return;
    else return leave(client);
  }
  client->sent = client->pending = 0;
}

static void give(struct client *client, const char *bytes, size_t size) {
  memcpy(client->output, bytes, size);
  client->sent = 0, client->pending = size;
  client->since = now_ms();
  send_pending(client);
}

static void let_in(struct terminal *terminal, struct lines *lines) {
  size_t size;
  int fd = accept(terminal->listener, NULL, NULL);
  if (fd < 0) return;
  for (int i = 0; i < MOST_CLIENTS; i++) {
    struct client *client = &terminal->clients[i];
    if (client->fd >= 0 || !set_flags(fd)) continue;
    client->fd = fd;
    const char *line = lines_unfinished(lines, &size);
    size_t part = size < CHUNK ? size : CHUNK;
    return give(client, line + size - part, part);
  }
  close(fd);
}

bool terminal_holds(const struct terminal *terminal) {
  for (int i = 0; i < MOST_CLIENTS; i++)
    if (terminal->clients[i].pending > 0) return true;
  return false;
}

// Passes on what the service wrote. False when there is no more now.
static bool copy_output(struct terminal *terminal, struct lines *lines) {
  char buffer[CHUNK];
  ssize_t count = read(terminal->end, buffer, sizeof buffer);
  // EIO is how the end of a terminal looks.
  if (count <= 0) return terminal->has_ended = count == 0 || (errno != EAGAIN && errno != EINTR), false;
  lines_take(lines, STREAM_OUTPUT, buffer, (size_t)count);
  for (int i = 0; i < MOST_CLIENTS; i++)
    if (terminal->clients[i].fd >= 0) give(&terminal->clients[i], buffer, (size_t)count);
  return true;
}

static size_t length_of(const struct client *client) { return (size_t)client->frame[1] << 8 | client->frame[2]; }

// Removes bytes of what is held.
static void take_out(struct client *client, size_t at, size_t count) {
  memmove(client->frame + at, client->frame + at + count, client->held - at - count);
  client->held -= count;
}

// Types what a frame holds. False when the service does not take all of it now: the frame then holds the rest.
static bool type(const struct terminal *terminal, struct client *client, size_t length) {
  ssize_t count = write(terminal->end, client->frame + HEAD, length);
  if (count == (ssize_t)length || (count < 0 && errno != EAGAIN)) return true;
  if (count <= 0) return false;
  take_out(client, HEAD, (size_t)count);
  length -= (size_t)count;
  client->frame[1] = (unsigned char)(length >> 8), client->frame[2] = (unsigned char)(length & 0xff);
  return false;
}

static void heed(const struct terminal *terminal, struct client *client) {
  client->is_blocked = false;
  while (client->fd >= 0 && client->held >= HEAD) {
    size_t length = length_of(client);
    const unsigned char *value = client->frame + HEAD;
    bool is_input = client->frame[0] == 'i', is_window = client->frame[0] == 'w' && length == 4;
    if (length > CHUNK || !(is_input || is_window)) return leave(client);
    if (client->held < HEAD + length) return;
    if (is_window) resize(terminal->end, (struct window){(unsigned short)(value[0] << 8 | value[1]), (unsigned short)(value[2] << 8 | value[3])});
    if (is_input && length > 0 && !type(terminal, client, length)) {
      client->is_blocked = true;
      return;
    }
    take_out(client, 0, HEAD + length_of(client));
  }
}

static void hear(const struct terminal *terminal, struct client *client) {
  ssize_t count = read(client->fd, client->frame + client->held, sizeof client->frame - client->held);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return leave(client);
  client->held += (size_t)count;
  heed(terminal, client);
}

static bool is_typed_for(const struct terminal *terminal) {
  for (int i = 0; i < MOST_CLIENTS; i++)
    if (terminal->clients[i].is_blocked) return true;
  return false;
}

size_t terminal_watch(struct terminal *terminal, struct pollfd *watched) {
  short events = (short)((terminal_holds(terminal) ? 0 : POLLIN) | (is_typed_for(terminal) ? POLLOUT : 0));
  watched[0] = (struct pollfd){.fd = terminal->listener, .events = POLLIN};
  watched[1] = (struct pollfd){.fd = terminal->has_ended || events == 0 ? -1 : terminal->end, .events = events};
  for (int i = 0; i < MOST_CLIENTS; i++) {
    const struct client *client = &terminal->clients[i];
    events = (short)((client->is_blocked ? 0 : POLLIN) | (client->pending > 0 ? POLLOUT : 0));
    watched[2 + i] = (struct pollfd){.fd = events == 0 ? -1 : client->fd, .events = events};
  }
  return 2 + MOST_CLIENTS;
}

void terminal_serve(struct terminal *terminal, const struct pollfd *watched, struct lines *lines) {
  for (int i = 0; i < MOST_CLIENTS; i++) {
    struct client *client = &terminal->clients[i];
    if (client->pending > 0) send_pending(client);
    if (client->is_blocked && (watched[1].revents & POLLOUT)) heed(terminal, client);
    if (client->fd >= 0 && client->fd == watched[2 + i].fd && (watched[2 + i].revents & (POLLIN | POLLHUP | POLLERR)))
      hear(terminal, client);
  }
  if (watched[1].revents & (POLLIN | POLLHUP | POLLERR)) copy_output(terminal, lines);
  if (watched[0].revents) let_in(terminal, lines);
}

void terminal_close(struct terminal *terminal, struct lines *lines) {
  for (int i = 0; i < MOST_DRAINED && copy_output(terminal, lines); i++) continue;
  for (int i = 0; i < MOST_CLIENTS; i++) leave(&terminal->clients[i]);
  if (terminal->listener >= 0) close(terminal->listener), unlinkat(terminal->folder, address.sun_path, 0);
  close(terminal->end);
  free(terminal);
}
