// The status file and the reply to drydock: one line of JSON without any text that needs escaping.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper.h"

const char *stage_name(enum stage stage) {
  switch (stage) {
    case STAGE_NONE: return "none";
    case STAGE_SPEC: return "spec";
    case STAGE_LOCK_OPEN: return "lock-open";
    case STAGE_LOCK_HELD: return "lock-held";
    case STAGE_LOCK_UNSUPPORTED: return "lock-unsupported";
    case STAGE_LOG: return "log";
    case STAGE_RECORD: return "record";
    case STAGE_FORK: return "fork";
    case STAGE_USER: return "user";
    case STAGE_FOLDER: return "folder";
    case STAGE_EXEC: return "exec";
    case STAGE_PORTS: return "ports";
    case STAGE_OVERLAY: return "overlay";
  }
  return "unknown";
}

static int ending_json(const struct outcome *outcome, char *out, size_t size) {
  if (!outcome->ended) return snprintf(out, size, "}\n");
  bool signalled = WIFSIGNALED(outcome->wait_status);
  return snprintf(
      out, size, ",\"exit\":{\"%s\":%d},\"endedAt\":%lld}\n", signalled ? "signal" : "code",
      signalled ? WTERMSIG(outcome->wait_status) : WEXITSTATUS(outcome->wait_status), outcome->ended_ms);
}

int outcome_json(const struct outcome *outcome, char *out, size_t size) {
  if (outcome->stage != STAGE_NONE)
    return snprintf(
        out, size, "{\"error\":\"%s\",\"errno\":%d}\n", stage_name(outcome->stage), outcome->error);
  char boot[64];
  boot_id(boot, sizeof boot);
  int used = snprintf(
      out, size,
      "{\"format\":1,\"token\":\"%.32s\",\"boot\":\"%s\",\"keeper\":{\"pid\":%ld,\"start\":%llu},"
      "\"engine\":{\"pid\":%ld,\"start\":%llu},\"user\":%u,\"startedAt\":%lld",
      outcome->token ? outcome->token : "", boot, (long)outcome->keeper.pid, outcome->keeper.start, (long)outcome->engine.pid,
      outcome->engine.start, (unsigned)outcome->user, outcome->started_ms);
  return used + ending_json(outcome, out + used, size - (size_t)used);
}

static bool replace(int folder, const char *name, const char *text, size_t length, bool durable) {
  char temporary[NAME_MAX + 1];
  int named = snprintf(temporary, sizeof temporary, "%s.tmp", name);
  if (named < 0 || (size_t)named >= sizeof temporary) return errno = ENAMETOOLONG, false;
  // What a keeper left that was killed.
  if (unlinkat(folder, temporary, 0) != 0 && errno != ENOENT) return false;
  int fd = folder_file(folder, temporary, O_WRONLY | O_CREAT | O_EXCL);
  if (fd < 0) return false;
  bool written = write_all(fd, text, length) && (!durable || fsync(fd) == 0);
  int saved = errno;
  close(fd);
  if (!written) return unlinkat(folder, temporary, 0), errno = saved, false;
  if (renameat(folder, temporary, folder, name) != 0) return false;
  if (durable) fsync(folder);
  return true;
}

// The end is longer than the start, in whose file it needs no further block.
static bool overwrite(int folder, const char *name, const char *text, size_t length) {
  int fd = folder_file(folder, name, O_WRONLY);
  if (fd < 0) return false;
  bool written = write_all(fd, text, length) && fsync(fd) == 0;
  close(fd);
  return written;
}

// `durable` only for the end: a start need not outlive a power cut, since no engine does.
bool record_write(int folder, const char *name, const struct outcome *outcome, bool durable) {
  char text[512];
  int length = outcome_json(outcome, text, sizeof text);
  if (replace(folder, name, text, (size_t)length, durable)) return true;
  // On a full disk, so that whoever waits for the end is told how it came.
  return outcome->ended && (errno == ENOSPC || errno == EDQUOT) && overwrite(folder, name, text, (size_t)length);
}
