import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.value.Value;
import org.msgpack.value.ValueFactory;
import org.zeromq.ZMQ;

/**
 * Generates one image: java -cp jeromq.jar:msgpack-core.jar Client.java REQUESTS UPDATES
 *
 * <p>With keys: JeroMQ 0.5 or newer, setCurveServerKey(), setCurvePublicKey() and setCurveSecretKey()
 * of each socket before connect().
 */
public class Client {
    static final List<String> ENDED =
        List.of("job_complete", "job_error", "error", "completed", "failed", "cancelled");
    static final ZMQ.Context CONTEXT = ZMQ.context(1);

    static ZMQ.Socket connect(int kind, String address) {
        ZMQ.Socket socket = CONTEXT.socket(kind);
        if (kind == ZMQ.SUB) socket.subscribe(new byte[0]);
        socket.setReceiveTimeOut(5000);
        socket.connect(address);
        return socket;
    }

    static Map<Value, Value> read(byte[] bytes) throws IOException {
        return MessagePack.newDefaultUnpacker(bytes).unpackValue().asMapValue().map();
    }

    static Map<Value, Value> ask(ZMQ.Socket requests, Map<Value, Value> request) throws IOException {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            packer.packValue(ValueFactory.newMap(request));
            requests.send(packer.toByteArray());
        }
        byte[] reply = requests.recv();
        if (reply == null) throw new IOException("no answer");
        return read(reply);
    }

    static Value text(String value) {
        return ValueFactory.newString(value);
    }

    static String field(Map<Value, Value> message, String name) {
        Value value = message.get(text(name));
        return value == null ? "" : value.toString();
    }

    public static void main(String[] arguments) throws IOException {
        ZMQ.Socket requests = connect(ZMQ.REQ, arguments[0]);
        ZMQ.Socket updates = connect(ZMQ.SUB, arguments[1]);
        Value id = text(UUID.randomUUID().toString());
        Map<Value, Value> told = ask(requests, Map.of(
            text("type"), text("generate"),
            text("id"), id,
            text("prompt"), text("a knight, größer"),
            text("model"), text("sd_xl_base_1.0.safetensors"),
            text("size"),
            ValueFactory.newArray(ValueFactory.newInteger(1024), ValueFactory.newInteger(1024)),
            text("steps"), ValueFactory.newInteger(20),
            text("cfg_scale"), ValueFactory.newFloat(8.0)));
        while (!ENDED.contains(field(told, "type")) && !ENDED.contains(field(told, "state"))) {
            byte[] bytes = updates.recv();
            Map<Value, Value> update = bytes != null
                ? read(bytes)
                : ask(requests, Map.of(text("type"), text("job"), text("job_id"), id));
            if (id.equals(update.get(text("job_id")))) told = update;
            System.out.println(field(update, "type"));
        }
        System.out.println(told);
        System.exit(field(told, "image_path").isEmpty() ? 1 : 0);
    }
}
