// A service's output, line by line with its time: `NANOSECONDS LETTER BYTES\n`.
//
// LETTER is `o` or `e` for a whole line of standard output or error, a capital for a piece whose line goes on in the next
// piece of its stream, `s` for what was not the service. Reading: NativeProcess's LineLog.
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "keeper.h"

enum { PIECE = 16 * 1024, BATCH = 192 * 1024, HEAD = 32 };

struct stream {
  size_t held;  // of a line that has not ended
  char bytes[PIECE];
};

struct lines {
  struct logfile file;
  bool is_terminal;  // which ends its lines by two characters
  char time[24];
  size_t time_length;
  struct stream streams[2];
  unsigned long long lost;
  int reason;  // for which records were lost
  size_t used;
  char batch[BATCH];
};

struct lines *lines_open(const struct logfile *file, bool is_terminal) {
  struct lines *lines = calloc(1, sizeof *lines);
  if (!lines) return NULL;
  lines->file = *file;
  lines->is_terminal = is_terminal;
  logfile_mend(&lines->file);
  return lines;
}

static void tell_time(struct lines *lines) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  unsigned long long time = (unsigned long long)now.tv_sec * 1000000000ULL + (unsigned long long)now.tv_nsec;
  lines->time_length = (size_t)snprintf(lines->time, sizeof lines->time, "%llu", time);
}

static bool write_loss(struct lines *lines) {
  char text[160];
  if (lines->lost == 0) return true;
  int length = snprintf(text, sizeof text, "%s s %llu lines were lost: %s\n", lines->time, lines->lost,
                        strerror(lines->reason));
  if (length < 0 || (size_t)length >= sizeof text || logfile_append(&lines->file, text, (size_t)length) == 0)
    return false;
  lines->lost = 0;
  return true;
}

// A service never waits for its log: what cannot be written is counted, and that is written as soon as something can be.
void lines_flush(struct lines *lines) {
  size_t done = 0;
  bool can_write = write_loss(lines);
  while (can_write && done < lines->used) {
    size_t written = logfile_append(&lines->file, lines->batch + done, lines->used - done);
    can_write = written > 0;
    done += written;
  }
  if (!can_write) lines->reason = errno;
  for (; done < lines->used; done++) lines->lost += lines->batch[done] == '\n';
  lines->used = 0;
}

static void append(struct lines *lines, const char *bytes, size_t size) {
  memcpy(lines->batch + lines->used, bytes, size);
  lines->used += size;
}

static void record(struct lines *lines, char letter, const struct stream *held, const char *bytes, size_t size) {
  char kind[3] = {' ', letter, ' '};
  size_t before = held ? held->held : 0;
  if (lines->used + HEAD + before + size > BATCH) lines_flush(lines);
  append(lines, lines->time, lines->time_length);
  append(lines, kind, sizeof kind);
  if (held) append(lines, held->bytes, before);
  append(lines, bytes, size);
  append(lines, "\n", 1);
}

static char letter_of(enum stream_kind kind) { return kind == STREAM_OUTPUT ? 'o' : 'e'; }

static void end_line(struct lines *lines, enum stream_kind kind, const char *bytes, size_t size) {
  struct stream *stream = &lines->streams[kind];
  if (lines->is_terminal && size > 0 && bytes[size - 1] == '\r') size--;
  else if (lines->is_terminal && size == 0 && stream->held > 0 && stream->bytes[stream->held - 1] == '\r') stream->held--;
  record(lines, letter_of(kind), stream, bytes, size);
  stream->held = 0;
}

// What belongs to one line; `ended` says that its end follows.
static void take_part(struct lines *lines, enum stream_kind kind, const char *bytes, size_t size, bool ended) {
  struct stream *stream = &lines->streams[kind];
  while (stream->held + size > PIECE) {
    size_t part = PIECE - stream->held;
    record(lines, (char)toupper(letter_of(kind)), stream, bytes, part);
    stream->held = 0;
    bytes += part, size -= part;
  }
  if (ended) {
    end_line(lines, kind, bytes, size);
  } else {
    memcpy(stream->bytes + stream->held, bytes, size);
    stream->held += size;
  }
}

void lines_take(struct lines *lines, enum stream_kind kind, const char *bytes, size_t size) {
  tell_time(lines);
  while (size > 0) {
    const char *end = memchr(bytes, '\n', size);
    size_t part = end ? (size_t)(end - bytes) : size;
    take_part(lines, kind, bytes, part, end != NULL);
    part += end != NULL;
    bytes += part, size -= part;
  }
}

void lines_event(struct lines *lines, const char *text) {
  tell_time(lines);
  record(lines, 's', NULL, text, strlen(text));
}

const char *lines_unfinished(const struct lines *lines, size_t *size) {
  *size = lines->streams[STREAM_OUTPUT].held;
  return lines->streams[STREAM_OUTPUT].bytes;
}

void lines_finish(struct lines *lines) {
  tell_time(lines);
  for (int kind = STREAM_OUTPUT; kind <= STREAM_ERROR; kind++)
    if (lines->streams[kind].held > 0) end_line(lines, (enum stream_kind)kind, "", 0);
  lines_flush(lines);
}
