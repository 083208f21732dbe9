# Generates one image: client.rb REQUESTS UPDATES [SERVER_KEY PUBLIC_KEY SECRET_KEY]
require 'ffi-rzmq'
require 'msgpack'
require 'securerandom'

KEYS = ARGV[2..]
CONTEXT = ZMQ::Context.new

def open_socket(kind, address)
  socket = CONTEXT.socket(kind)
  # ZMQ_CURVE_SERVERKEY, _PUBLICKEY, _SECRETKEY
  [50, 48, 49].zip(KEYS) { |option, key| socket.setsockopt(option, key) } unless KEYS.empty?
  socket.setsockopt(ZMQ::SUBSCRIBE, '') if kind == ZMQ::SUB
  socket.setsockopt(ZMQ::RCVTIMEO, 5000)
  socket.connect(address)
  socket
end

REQUESTS = open_socket(ZMQ::REQ, ARGV[0])
UPDATES = open_socket(ZMQ::SUB, ARGV[1])

def ask(message)
  REQUESTS.send_string(message.to_msgpack)
  raise 'no answer' if REQUESTS.recv_string(reply = +'') < 0
  MessagePack.unpack(reply)
end

id = SecureRandom.uuid
told = ask(type: 'generate', id: id, prompt: 'a knight, größer', steps: 20,
           model: 'sd_xl_base_1.0.safetensors', size: [1024, 1024], cfg_scale: 8.0)
until %w[job_complete job_error error].include?(told['type']) || %w[completed failed cancelled].include?(told['state'])
  lost = UPDATES.recv_string(bytes = +'') < 0
  update = lost ? ask(type: 'job', job_id: id) : MessagePack.unpack(bytes)
  told = update if update['job_id'] == id
  puts update['type']
end
puts told
exit(told.key?('image_path'))
