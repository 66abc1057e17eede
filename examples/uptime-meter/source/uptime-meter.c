/* Prints the seconds since the gateway was started, once in a period. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
  unsigned int period = argc > 1 ? (unsigned int)atoi(argv[1]) : 10;
  for (;;) {
    struct timespec up;
    if (clock_gettime(CLOCK_BOOTTIME, &up) != 0) return 1;
    printf("up for %ld s\n", (long)up.tv_sec);
    fflush(stdout);
    sleep(period == 0 ? 10 : period);
  }
}
