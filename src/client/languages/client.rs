//! Generates one image: client REQUESTS UPDATES [SERVER_KEY PUBLIC_KEY SECRET_KEY]
//! Cargo.toml: zmq = "0.9", rmp-serde = "1", serde = { version = "1", features = ["derive"] }

use serde::{Deserialize, Serialize};

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Request<'a> {
    Generate {
        id: &'a str,
        prompt: &'a str,
        model: &'a str,
        size: [u32; 2],
        steps: u32,
        cfg_scale: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        seed: Option<u64>,
    },
    Job {
        job_id: &'a str,
    },
}

/// What is needed of any reply or update: fields that are not named are skipped.
#[derive(Deserialize)]
struct Told {
    #[serde(rename = "type")]
    kind: String,
    job_id: Option<String>,
    state: Option<String>,
    image_path: Option<String>,
    error: Option<String>,
    message: Option<String>,
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn connect(context: &zmq::Context, kind: zmq::SocketType, address: &str, keys: &[String]) -> Outcome<zmq::Socket> {
    let socket = context.socket(kind)?;
    if let [server, public, secret] = keys {
        socket.set_curve_serverkey(&zmq::z85_decode(server)?)?;
        socket.set_curve_publickey(&zmq::z85_decode(public)?)?;
        socket.set_curve_secretkey(&zmq::z85_decode(secret)?)?;
    }
    if kind == zmq::SUB {
        socket.set_subscribe(b"")?;
    }
    socket.set_rcvtimeo(5000)?;
    socket.connect(address)?;
    Ok(socket)
}

fn ask(requests: &zmq::Socket, request: &Request) -> Outcome<Told> {
    requests.send(rmp_serde::to_vec_named(request)?, 0)?; // to_vec() would write arrays
    Ok(rmp_serde::from_slice(&requests.recv_bytes(0)?)?)
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let context = zmq::Context::new();
    let requests = connect(&context, zmq::REQ, &arguments[0], &arguments[2..])?;
    let updates = connect(&context, zmq::SUB, &arguments[1], &arguments[2..])?;

    let id = format!("rust-{}-{}", std::process::id(), std::time::UNIX_EPOCH.elapsed()?.as_millis());
    let mut told = ask(
        &requests,
        &Request::Generate {
            id: &id,
            prompt: "a knight, größer",
            model: "sd_xl_base_1.0.safetensors",
            size: [1024, 1024],
            steps: 20,
            cfg_scale: 8.0,
            seed: None,
        },
    )?;
    while !matches!(told.kind.as_str(), "job_complete" | "job_error" | "error")
        && !matches!(told.state.as_deref(), Some("completed" | "failed" | "cancelled"))
    {
        let update: Told = match updates.recv_bytes(0) {
            Ok(bytes) => rmp_serde::from_slice(&bytes)?,
            Err(zmq::Error::EAGAIN) => ask(&requests, &Request::Job { job_id: &id })?, // one may be lost
            Err(error) => return Err(error.into()),
        };
        println!("{}", update.kind);
        if update.job_id.as_deref() == Some(&id) {
            told = update;
        }
    }
    let reason = told.error.or(told.message).unwrap_or_default();
    println!("{}", told.image_path.ok_or(reason)?);
    Ok(())
}
