#include "CProcessDescriptor.h"

#include <unistd.h>

extern char **environ;

char *const *drydock_environment(void) { return environ; }

int drydock_become(const char *file, char *const arguments[], char **environment) {
  char **own = environ;
  environ = environment;
  int result = execvp(file, arguments);
  environ = own;
  return result;
}
