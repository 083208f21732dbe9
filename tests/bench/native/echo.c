/* The floor: a REP socket on bare libzmq that sends back what it gets. Prints its address first. */

#include <stdio.h>
#include <zmq.h>

int main(void) {
  char address[256], message[65536];
  size_t length = sizeof address;
  void *socket = zmq_socket(zmq_ctx_new(), ZMQ_REP);
  if (zmq_bind(socket, "tcp://127.0.0.1:*") != 0) return 1;
  if (zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, address, &length) != 0) return 1;
  printf("{\"address\":\"%s\"}\n", address);
  fflush(stdout);
  for (;;) {
    int size = zmq_recv(socket, message, sizeof message, 0);
    if (size < 0 || zmq_send(socket, message, size, 0) < 0) return 1;
  }
}
