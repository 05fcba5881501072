// The spec: records of one tag byte, a value and a NUL, ended by the record ".", on standard input.
// It is no argument, so that no secret in an environment shows up in `ps`.
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keeper.h"

enum { SPEC_LIMIT = 4 * 1024 * 1024 };

// Reads up to the end of input; NULL with errno when it is too long or cannot be read.
static char *slurp(int fd, size_t *length) {
  size_t capacity = 16 * 1024, used = 0;
  char *bytes = malloc(capacity);
  while (bytes) {
    ssize_t count = read(fd, bytes + used, capacity - used);
    if (count == 0) break;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 || (used += (size_t)count) > SPEC_LIMIT) {
      if (count >= 0) errno = E2BIG;
      free(bytes);
      return NULL;
    }
    if (used == capacity) {
      char *larger = realloc(bytes, capacity *= 2);
      if (!larger) free(bytes);
      bytes = larger;
    }
  }
  *length = used;
  return bytes;
}

// A number from 0 to `limit`; -1 for anything else.
static long long number(const char *text, long long limit) {
  char *end = NULL;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  return (errno || end == text || *end || value < 0 || value > limit) ? -1 : value;
}

static bool set_number(struct spec *spec, char tag, const char *text) {
  long long value = number(text, tag == 'Z' || tag == 'F' ? LLONG_MAX / 4 : (long long)UINT_MAX - 1);
  if (value < 0) return false;
  if (tag == 'U') spec->uid = (uid_t)value, spec->has_user = true;
  if (tag == 'G') spec->gid = (gid_t)value, spec->has_group = true;
  if (tag == 'Z') spec->log_limit = value;
  if (tag == 'F') spec->files = value;
  return true;
}

// Two numbers with a space between them.
static bool two_numbers(const char *text, long long limit, long long numbers[2]) {
  char *end = NULL;
  errno = 0;
  numbers[0] = strtoll(text, &end, 10);
  if (errno || end == text || *end != ' ' || numbers[0] < 0 || numbers[0] > limit) return false;
  numbers[1] = number(end + 1, LLONG_MAX);
  return numbers[1] >= 0;
}

static bool add_port(struct spec *spec, long long from, long long to) {
  if (from < 1 || to < 1 || to > USHRT_MAX) return false;
  spec->ports.pairs[spec->ports.count++] = (struct port_pair){.from = (unsigned short)from, .to = (unsigned short)to};
  return spec->maps_ports = true;
}

// What only some programs have.
static bool set_trait(struct spec *spec, char tag, const char *text) {
  long long numbers[2] = {0, 0};
  bool *flag = tag == 'O'   ? &spec->is_service
               : tag == 'B' ? &spec->maps_ports
               : tag == 'R' ? &spec->starts_again
                            : NULL;
  if (flag) return (*flag = strcmp(text, "1") == 0);
  if (tag == 'Q') return (spec->errand = number(text, 3600)) > 0;
  if (!two_numbers(text, tag == 'K' || tag == 'I' ? INT_MAX : USHRT_MAX, numbers)) return false;
  if (tag == 'I') return (spec->overlay = (struct identity){(pid_t)numbers[0], (unsigned long long)numbers[1]}).pid > 1;
  if (tag == 'K') spec->leash = (struct identity){(pid_t)numbers[0], (unsigned long long)numbers[1]};
  if (tag == 'M') return add_port(spec, numbers[0], numbers[1]);
  if (tag == 'Y') {
    spec->window = (struct window){(unsigned short)numbers[0], (unsigned short)numbers[1]};
    spec->has_terminal = numbers[1] <= USHRT_MAX;
  }
  return tag == 'Y' ? spec->has_terminal : spec->leash.pid > 1;
}

static bool set(struct spec *spec, char *record, size_t *arguments, size_t *variables, size_t *places) {
  char *value = record + 1;
  switch (record[0]) {
    case 'X': spec->executable = value; return value[0] == '/';
    case 'W': spec->folder = value; return value[0] == '/';
    case 'S': spec->status_name = value; return true;
    case 'L': spec->log_name = value; return true;
    case 'T': spec->token = value; return value[strspn(value, "0123456789abcdef")] == 0;
    case 'N': spec->user = value; return true;
    case 'A': spec->argv[(*arguments)++] = value; return true;
    case 'E': spec->envp[(*variables)++] = value; return strchr(value, '=') != NULL;
    case 'P': spec->writable[(*places)++] = value; return value[0] == '/';
    case 'F':
    case 'U':
    case 'G':
    case 'Z': return set_number(spec, record[0], value);
    case 'O':
    case 'B':
    case 'I':
    case 'K':
    case 'M':
    case 'Q':
    case 'R':
    case 'Y': return set_trait(spec, record[0], value);
    default: return false;
  }
}

static bool parse(struct spec *spec, size_t length) {
  size_t records = 0, arguments = 0, variables = 0, places = 0;
  for (size_t i = 0; i < length; i++) records += spec->bytes[i] == 0;
  spec->argv = calloc(records + 1, sizeof(char *));
  spec->envp = calloc(records + 1, sizeof(char *));
  spec->writable = calloc(records + 1, sizeof(char *));
  spec->ports.pairs = calloc(records + 1, sizeof(struct port_pair));
  if (!spec->argv || !spec->envp || !spec->writable || !spec->ports.pairs) return false;
  bool complete = false;
  for (size_t at = 0; at < length && !complete; at += strlen(spec->bytes + at) + 1) {
    if (!memchr(spec->bytes + at, 0, length - at)) return false;
    complete = strcmp(spec->bytes + at, ".") == 0;
    if (!complete && !set(spec, spec->bytes + at, &arguments, &variables, &places)) return false;
  }
  return complete && arguments > 0 && spec->executable && spec->folder && spec->status_name && spec->log_name
         && spec->has_user == spec->has_group
         && (spec->is_service ? !spec->starts_again : !(spec->maps_ports || spec->has_terminal))
         && !(spec->starts_again && spec->leash.pid);
}

// The name of a file that lies in the folder of `lock`; NULL for one elsewhere.
static const char *beside(const char *lock, const char *path) {
  size_t folder = (size_t)(strrchr(lock, '/') - lock) + 1;
  if (strncmp(lock, path, folder) != 0) return NULL;
  const char *name = path + folder;
  return *name && !strchr(name, '/') ? name : NULL;
}

bool spec_read(int fd, const char *lock, struct spec *spec) {
  size_t length = 0;
  memset(spec, 0, sizeof *spec);
  spec->token = "";
  spec->log_limit = 8 * 1024 * 1024;
  spec->files = -1;
  spec->bytes = slurp(fd, &length);
  if (!spec->bytes) return false;
  errno = EINVAL;
  if (!parse(spec, length)) return false;
  spec->status_name = beside(lock, spec->status_name);
  spec->log_name = beside(lock, spec->log_name);
  errno = EINVAL;
  return spec->status_name && spec->log_name;
}

void spec_free(struct spec *spec) {
  free(spec->argv);
  free(spec->envp);
  free(spec->writable);
  spec->argv = spec->envp = spec->writable = NULL;
}
