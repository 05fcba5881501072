// When a file was made, which Swift's view of the C library does not have on Linux.
#pragma once

#include <stdint.h>

/// The inode of what is at a path, links followed, and when it was made: nanoseconds since 1970, 0 where the file system
/// does not say.
/// Returns 0, or -1 with errno set.
int drydock_file_birth(const char *_Nonnull path, uint64_t *_Nonnull inode, int64_t *_Nonnull born);
