/* Generates one image: client REQUESTS UPDATES [SERVER_KEY PUBLIC_KEY SECRET_KEY]
 * cc client.c -o client -lzmq -lmsgpackc */
#include <msgpack.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

static char **keys;
static msgpack_unpacked message;

static void *open_socket(void *context, int kind, const char *address) {
    void *socket = zmq_socket(context, kind);
    int timeout_ms = 5000;
    if (keys) {
        zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, keys[0], 40);
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys[1], 40);
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys[2], 40);
    }
    if (kind == ZMQ_SUB) zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
    zmq_setsockopt(socket, ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms);
    if (zmq_connect(socket, address) != 0) exit(2);
    return socket;
}

static void text(msgpack_packer *packer, const char *value) {
    msgpack_pack_str(packer, strlen(value));
    msgpack_pack_str_body(packer, value, strlen(value));
}

/* Texts of MessagePack do not end with a zero: they have a length. */
static const char *field(const char *name) {
    static char found[4][4096];
    static int next;
    msgpack_object_map map = message.data.via.map;
    char *copy = found[next++ % 4];
    for (uint32_t i = 0; i < map.size; i++) {
        msgpack_object_str key = map.ptr[i].key.via.str;
        if (key.size != strlen(name) || memcmp(key.ptr, name, key.size) != 0) continue;
        if (map.ptr[i].val.type != MSGPACK_OBJECT_STR) continue;
        snprintf(copy, sizeof found[0], "%.*s", (int)map.ptr[i].val.via.str.size,
                 map.ptr[i].val.via.str.ptr);
        return copy;
    }
    return "";
}

static int receive(void *socket) {
    static char bytes[1048576];
    int size = zmq_recv(socket, bytes, sizeof bytes, 0);
    return size >= 0 && msgpack_unpack_next(&message, bytes, size, NULL) == MSGPACK_UNPACK_SUCCESS &&
           message.data.type == MSGPACK_OBJECT_MAP;
}

static void ask(void *socket, msgpack_sbuffer *buffer) {
    zmq_send(socket, buffer->data, buffer->size, 0);
    msgpack_sbuffer_clear(buffer);
    if (!receive(socket)) exit(2);
}

static int any(const char *value, const char *values) { return *value && strstr(values, value); }

int main(int argc, char **argv) {
    void *context = zmq_ctx_new();
    if (argc < 3) return 2;
    keys = argc == 6 ? argv + 3 : NULL;
    void *requests = open_socket(context, ZMQ_REQ, argv[1]);
    void *updates = open_socket(context, ZMQ_SUB, argv[2]);
    msgpack_sbuffer buffer;
    msgpack_packer packer;
    char id[32];
    msgpack_sbuffer_init(&buffer);
    msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
    msgpack_unpacked_init(&message);
    snprintf(id, sizeof id, "c-%ld-%ld", (long)getpid(), (long)time(NULL));

    msgpack_pack_map(&packer, 7);
    text(&packer, "type"), text(&packer, "generate");
    text(&packer, "id"), text(&packer, id);
    text(&packer, "prompt"), text(&packer, "a knight, größer");
    text(&packer, "model"), text(&packer, "sd_xl_base_1.0.safetensors");
    text(&packer, "size"), msgpack_pack_array(&packer, 2);
    msgpack_pack_int(&packer, 1024), msgpack_pack_int(&packer, 1024);
    text(&packer, "steps"), msgpack_pack_int(&packer, 20);
    text(&packer, "cfg_scale"), msgpack_pack_double(&packer, 8.0);
    ask(requests, &buffer);
    while (!any(field("type"), "job_complete job_error error") &&
           !any(field("state"), "completed failed cancelled")) {
        do {
            if (receive(updates)) continue;
            msgpack_pack_map(&packer, 2); /* an update may be lost */
            text(&packer, "type"), text(&packer, "job");
            text(&packer, "job_id"), text(&packer, id);
            ask(requests, &buffer);
        } while (strcmp(field("job_id"), id) != 0);
        puts(field("type"));
    }
    printf("%s%s%s\n", field("image_path"), field("error"), field("message"));
    return *field("image_path") ? 0 : 1;
}
