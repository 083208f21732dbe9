/*
 * A load generator on bare libzmq. Prints a line of JSON, times in microseconds.
 *
 *   client ping ADDRESS COUNT        one REQ, one request after the other
 *   client flood ADDRESS N MS        N processes with one REQ each, together
 *   client submit ADDRESS N MS FILE  the same with the message of a file, whose run of 16 "_" becomes
 *                                    another name in each request
 *   client pipeline ADDRESS N MS     one DEALER that keeps N requests under way; says when it begins to count
 */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

/* MessagePack of {"type": "ping"}. */
static const char PING[] = "\x81\xa4type\xa4ping";
#define PING_BYTES (sizeof(PING) - 1)
#define TIMEOUT_MS 5000
#define WARM_UP 500
#define MOST 200000

static double now_us(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

static void fail(const char *what) {
  fprintf(stderr, "Cannot %s: %s\n", what, zmq_strerror(zmq_errno()));
  exit(1);
}

static void *connect_to(void *context, int type, const char *address) {
  void *socket = zmq_socket(context, type);
  int timeout = TIMEOUT_MS, linger = 0;
  zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout, sizeof timeout);
  zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
  if (zmq_connect(socket, address) != 0) fail("connect");
  return socket;
}

static void ask(void *socket, const char *body, size_t size) {
  char answer[1024];
  if (zmq_send(socket, body, size, 0) < 0) fail("send");
  int length = zmq_recv(socket, answer, sizeof answer, 0);
  if (length < 0) fail("receive");
  if (memmem(answer, length, "error", 5) != NULL) {
    fprintf(stderr, "Refused: %.*s\n", length, answer);
    exit(1);
  }
}

static int by_size(const void *a, const void *b) {
  double difference = *(const double *)a - *(const double *)b;
  return (difference > 0) - (difference < 0);
}

static void print_times(double *took, long count, double rate) {
  qsort(took, count, sizeof *took, by_size);
  printf("{\"p50\":%.2f,\"p95\":%.2f,\"p99\":%.2f,\"rate\":%.1f}\n", took[count / 2],
         took[(long)(count * 0.95)], took[(long)(count * 0.99)], rate);
}

static void ping(const char *address, int count) {
  void *socket = connect_to(zmq_ctx_new(), ZMQ_REQ, address);
  double *took = malloc(count * sizeof *took);
  for (int i = 0; i < WARM_UP; i++) ask(socket, PING, PING_BYTES);
  double start = now_us();
  for (int i = 0; i < count; i++) {
    double began = now_us();
    ask(socket, PING, PING_BYTES);
    took[i] = now_us() - began;
  }
  print_times(took, count, count * 1e6 / (now_us() - start));
}

/* What one process has measured; shared memory. */
struct report {
  long count;
  double took[MOST];
};

/* Asks until the end, and notes what was answered between the warm-up and the end. */
static void ask_on(const char *address, double began, int ms, char *body, size_t size, struct report *report) {
  void *socket = connect_to(zmq_ctx_new(), ZMQ_REQ, address);
  char *name = memmem(body, size, "________________", 16);
  for (unsigned number = 0;; number++) {
    if (name != NULL) {
      char text[17];
      snprintf(text, sizeof text, "%07u-%08u", getpid() % 10000000u, number % 100000000u);
      memcpy(name, text, 16);
    }
    double asked = now_us();
    if (asked > began + ms * 1e3 || report->count == MOST) return;
    ask(socket, body, size);
    if (asked >= began) report->took[report->count++] = now_us() - asked;
  }
}

static void flood(const char *address, int clients, int ms, char *body, size_t size) {
  double began = now_us() + 300e3;
  struct report *reports = mmap(NULL, clients * sizeof *reports, PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reports == MAP_FAILED) exit(1);
  for (int i = 0; i < clients; i++) {
    if (fork() != 0) continue;
    ask_on(address, began, ms, body, size, &reports[i]);
    _exit(0);
  }
  long total = 0;
  for (int i = 0; i < clients; i++) {
    int status;
    wait(&status);
    if (status != 0) exit(1);
  }
  for (int i = 0; i < clients; i++) total += reports[i].count;
  double *took = malloc(total * sizeof *took), *end = took;
  for (int i = 0; i < clients; i++) {
    memcpy(end, reports[i].took, reports[i].count * sizeof *took);
    end += reports[i].count;
  }
  print_times(took, total, total * 1e3 / ms);
}

static void submit(const char *address, int clients, int ms, const char *path) {
  char body[65536];
  FILE *file = fopen(path, "rb");
  if (file == NULL) exit(2);
  flood(address, clients, ms, body, fread(body, 1, sizeof body, file));
}

static void pipeline(const char *address, int depth, int ms) {
  void *socket = connect_to(zmq_ctx_new(), ZMQ_DEALER, address);
  char answer[256];
  long answered = 0;
  double began = now_us() + 300e3;
  for (int sent = 0; sent < depth; sent++) {
    zmq_send(socket, "", 0, ZMQ_SNDMORE);
    zmq_send(socket, PING, PING_BYTES, 0);
  }
  for (double now = now_us(); now < began + ms * 1e3; now = now_us()) {
    if (zmq_recv(socket, answer, sizeof answer, 0) < 0) fail("receive");
    if (zmq_recv(socket, answer, sizeof answer, 0) < 0) fail("receive");
    zmq_send(socket, "", 0, ZMQ_SNDMORE);
    zmq_send(socket, PING, PING_BYTES, 0);
    if (now >= began && answered++ == 0) {
      printf("{\"began\":true}\n");
      fflush(stdout);
    }
  }
  printf("{\"rate\":%.1f}\n", answered * 1e3 / ms);
}

int main(int count, char **arguments) {
  if (count < 4) return 2;
  const char *what = arguments[1], *address = arguments[2];
  int number = atoi(arguments[3]), ms = count > 4 ? atoi(arguments[4]) : 0;
  if (strcmp(what, "ping") == 0) ping(address, number);
  else if (strcmp(what, "flood") == 0) flood(address, number, ms, (char *)PING, PING_BYTES);
  else if (strcmp(what, "submit") == 0 && count > 5) submit(address, number, ms, arguments[5]);
  else if (strcmp(what, "pipeline") == 0) pipeline(address, number, ms);
  else return 2;
  return 0;
}
