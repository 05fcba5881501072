// Runs a command in a mount namespace of its own in which folders appear at other paths.
//
//   drydock-mount SOURCE TARGET [SOURCE TARGET ...] -- COMMAND [ARGUMENT ...]
//
// It is a program of its own because only a single-threaded process may enter a new user namespace. It becomes the
// command by exec, so that the process id, signals and the terminal are the command's. A target that does not exist is
// made on a tmpfs that stands in for the folder above it, with everything of that folder bound into it: nothing
// appears on the host, and no other path changes.
//
// A "//" in a source marks where the share begins that others write in: no link behind it is followed. What appears is
// mounted without set-id programs and without devices.
//
// Exit status: 126 or 127 as shells have them for the command; 125 when the mounts cannot be had, with the reason.

#include "mount.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__

static int usage(void) {
  fprintf(stderr, "usage: drydock-mount SOURCE TARGET [SOURCE TARGET ...] -- COMMAND [ARGUMENT ...]\n");
  return UNAVAILABLE;
}

static int give_up(const char *source) {
  if (geteuid() != 0) fprintf(stderr, "  where namespaces are kept from users, bubblewrap may make them: install it\n");
  const char *mark = strstr(source, "//");
  int length = mark == NULL ? (int)strlen(source) : (int)(mark - source);
  const char *rest = mark == NULL ? "" : mark + 1;
  fprintf(stderr, "  without mounts: add --no-mounts, and use the folder %.*s%s\n", length, source, rest);
  return UNAVAILABLE;
}

int main(int argc, char **argv) {
  int separator = 1;
  while (separator < argc && strcmp(argv[separator], "--") != 0) separator++;
  if (separator % 2 == 0 || separator < 3 || separator + 1 >= argc) return usage();

  char *folder = getcwd(NULL, 0);
  // A system may let bubblewrap alone make namespaces; there is no way back from one that is of no use.
  if (!may_enter_namespace() && bubblewrap_works()) {
    int status = run_in_bubblewrap(argv + 1, separator - 1, folder, argv + separator + 1);
    return status < 0 ? give_up(argv[1]) : status;
  }
  if (enter_namespace() != 0) return give_up(argv[1]);
  for (int i = 1; i < separator; i += 2) {
    if (make_visible(argv[i], argv[i + 1]) != 0) return give_up(argv[i]);
  }
  // The root may be another one now; the path of the working folder is the same.
  if (folder != NULL && chdir(folder) != 0) fail("enter again", folder);
  free(folder);

  execvp(argv[separator + 1], argv + separator + 1);
  int reason = errno;
  fprintf(stderr, "ERROR: cannot run %s: %s\n", argv[separator + 1], strerror(reason));
  return reason == ENOENT ? 127 : 126;
}

#else

int main(void) {
  fprintf(stderr, "ERROR: this system has no private mounts\n");
  return UNAVAILABLE;
}

#endif
