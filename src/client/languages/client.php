<?php // Generates one image: client.php REQUESTS UPDATES [SERVER_KEY PUBLIC_KEY SECRET_KEY]
$context = new ZMQContext();
$packer = new MessagePack(false);
$keys = array_slice($argv, 3);

function connect($kind, $address) {
    global $context, $keys;
    $socket = $context->getSocket($kind);
    if ($keys) {
        $socket->setSockOpt(ZMQ::SOCKOPT_CURVE_SERVERKEY, $keys[0]);
        $socket->setSockOpt(ZMQ::SOCKOPT_CURVE_PUBLICKEY, $keys[1]);
        $socket->setSockOpt(ZMQ::SOCKOPT_CURVE_SECRETKEY, $keys[2]);
    }
    if ($kind === ZMQ::SOCKET_SUB) $socket->setSockOpt(ZMQ::SOCKOPT_SUBSCRIBE, "");
    $socket->setSockOpt(ZMQ::SOCKOPT_RCVTIMEO, 5000);
    return $socket->connect($address);
}

$requests = connect(ZMQ::SOCKET_REQ, $argv[1]);
$updates = connect(ZMQ::SOCKET_SUB, $argv[2]);

function ask($message) {
    global $requests, $packer;
    $requests->send($packer->pack($message));
    $reply = $requests->recv();
    if ($reply === false) exit("no answer\n");
    return $packer->unpack($reply);
}

$id = uniqid("php-");
$told = ask(["type" => "generate", "id" => $id, "prompt" => "a knight, größer", "steps" => 20,
    "model" => "sd_xl_base_1.0.safetensors", "size" => [1024, 1024], "cfg_scale" => 8.0]);
while (!in_array($told["type"], ["job_complete", "job_error", "error"])
    && in_array($told["state"] ?? "running", ["queued", "running"])) {
    $bytes = $updates->recv();
    $update = $bytes === false ? ask(["type" => "job", "job_id" => $id]) : $packer->unpack($bytes);
    if ($update["job_id"] === $id) $told = $update;
    echo $update["type"], "\n";
}
echo $told["image_path"] ?? $told["error"] ?? $told["message"] ?? "cancelled", "\n";
exit(isset($told["image_path"]) ? 0 : 1);
