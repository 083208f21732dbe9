-- Generates one image: luajit client.lua REQUESTS UPDATES [SERVER_KEY PUBLIC_KEY SECRET_KEY]
local ffi = require("ffi")
local msgpack = require("MessagePack")
ffi.cdef [[
void *zmq_ctx_new(void);
void *zmq_socket(void *context, int kind);
int zmq_setsockopt(void *socket, int option, const void *value, size_t length);
int zmq_connect(void *socket, const char *address);
int zmq_send(void *socket, const void *bytes, size_t length, int flags);
int zmq_recv(void *socket, void *bytes, size_t length, int flags);
]]
local zmq = ffi.load("zmq.so.5")
local REQ, SUB, SUBSCRIBE, RCVTIMEO = 3, 2, 6, 27
local PUBLIC_KEY, SECRET_KEY, SERVER_KEY = 48, 49, 50
local MOST_BYTES = 1048576
local context, bytes = zmq.zmq_ctx_new(), ffi.new("char[?]", MOST_BYTES)

local function connect(kind, address)
  local socket = zmq.zmq_socket(context, kind)
  if arg[3] then
    for index, option in ipairs({ SERVER_KEY, PUBLIC_KEY, SECRET_KEY }) do
      zmq.zmq_setsockopt(socket, option, arg[index + 2], 40)
    end
  end
  if kind == SUB then zmq.zmq_setsockopt(socket, SUBSCRIBE, "", 0) end
  zmq.zmq_setsockopt(socket, RCVTIMEO, ffi.new("int[1]", 5000), 4)
  zmq.zmq_connect(socket, address)
  return socket
end

local requests, updates = connect(REQ, arg[1]), connect(SUB, arg[2])

local function receive(socket)
  local length = zmq.zmq_recv(socket, bytes, MOST_BYTES, 0)
  return length >= 0 and msgpack.unpack(ffi.string(bytes, length)) or nil
end

local function ask(message)
  local packed = msgpack.pack(message)
  zmq.zmq_send(requests, packed, #packed, 0)
  return assert(receive(requests), "no answer")
end

local ended = {
  job_complete = true, job_error = true, error = true,
  completed = true, failed = true, cancelled = true,
}
local id = "lua-" .. os.time() .. "-" .. tostring({}):match("0x(%x+)")
local told = ask({ type = "generate", id = id, prompt = "a knight, größer", steps = 20,
  model = "sd_xl_base_1.0.safetensors", size = { 1024, 1024 }, cfg_scale = 8 })
while not ended[told.type] and not ended[told.state] do
  local update = receive(updates) or ask({ type = "job", job_id = id })
  if update.job_id == id then told = update end
  print(update.type)
end
print(told.image_path or told.error or told.message)
os.exit(told.image_path and 0 or 1)
