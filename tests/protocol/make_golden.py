#!/usr/bin/python3
"""Makes golden.json: messages as an independent MessagePack encoder writes them.

Run with the Python of the system and its package python3-msgpack (made with 1.0.3, Debian 12)
and with the command zstd (1.5.4):

    apt-get install -y python3-msgpack zstd
    /usr/bin/python3 tests/protocol/make_golden.py > tests/protocol/golden.json

Each vector has `name`, `direction`, the `message` that the bytes mean, the bytes as `hex`, and
`canonical`: true when our encoder must write the very same bytes. It cannot be true where the
sender wrote more than the message (nulls, unknown fields), compressed it, or wrote a whole number
as a float, which JavaScript cannot tell from an integer. Bytes stand in `message` as {"$bytes": hex}.
"""

import json
import subprocess
import sys
import zlib

import msgpack

ID = "5f0c3d1e-7a52-4b1c-9d43-0a9c51b6e2f7"

GENERATE = {
    "type": "generate",
    "id": ID,
    "prompt": "a knight, pixel art",
    "model": "sdxl_base_1.0.safetensors",
    "size": [1024, 768],
    "steps": 30,
    "cfg_scale": 7.5,
}

PROGRESS = {
    "type": "progress",
    "job_id": ID,
    "stage": "sampling",
    "step": 12,
    "total_steps": 30,
    "percent": 41.25,
    "eta_s": 3.75,
}

JOB = {
    "job_id": ID,
    "state": "running",
    "attempts": 1,
    "created_at": 1700000000.25,
    "started_at": 1700000001.5,
    "estimated_time_s": 12.5,
    "progress": PROGRESS,
    "workflow": "sprite_optimized",
    "server": "gpu-1",
}

vectors = []


def show(value):
    """JSON cannot hold bytes."""
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, dict):
        return {key: show(item) for key, item in value.items()}
    if isinstance(value, list):
        return [show(item) for item in value]
    return value


def zstd(data, *options):
    return subprocess.run(["zstd", "-c", *options], input=data, stdout=subprocess.PIPE, check=True).stdout


def add(direction, name, message, sent=None, canonical=True, compress=None, **options):
    data = msgpack.packb(message if sent is None else sent, **options)
    vectors.append({
        "name": name,
        "direction": direction,
        "canonical": canonical and sent is None and compress is None,
        "message": show(message),
        "hex": (data if compress is None else compress(data)).hex(),
    })


def requests():
    add("request", "generate with required fields only", GENERATE)
    add("request", "generate with every field", {
        **GENERATE,
        "lora": "pixel.safetensors",
        "batch_size": 4,
        "animation_frames": 8,
        "tileset_grid": [4, 3],
        "negative_prompt": "blurry",
        "seed": 2**53 - 1,
        "sampler_name": "dpmpp_2m",
        "scheduler": "karras",
        "denoise": 0.55,
        "lora_strength": -0.25,
        "workflow": "sprite_optimized",
        "init_image": "knights/01.png",
        "priority": -100,
        "deadline_s": 90.5,
    })
    add("request", "generate with loras and an image", {
        **GENERATE,
        "loras": [{"name": "a"}, {"name": "b", "strength_model": 0.5, "strength_clip": -1.5}],
        "init_image": bytes(range(256)) * 2,
    })
    for seed in (0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32):
        add("request", f"generate with seed {seed}", {**GENERATE, "seed": seed})
    for priority in (100, -1, -32, -33):
        add("request", f"generate with priority {priority}", {**GENERATE, "priority": priority})
    for length in (0, 31, 32, 255, 256):
        add("request", f"generate with a prompt of {length} characters",
            {**GENERATE, "prompt": "x" * length})
    add("request", "generate with text of all UTF-8 widths",
        {**GENERATE, "prompt": "Ritter é ü — 騎士 \U0001f5e1\ufe0f \U0001f469\u200d\U0001f680 \x00\n"})
    add("request", "generate as an older client sends it: nulls, whole floats, other order",
        GENERATE | {"cfg_scale": 7},
        sent={"prompt": GENERATE["prompt"], "id": ID, "lora": None, "batch_size": None,
              "animation_frames": None, "tileset_grid": None, "size": (1024, 768), "steps": 30,
              "cfg_scale": 7.0, "model": GENERATE["model"], "type": "generate"})
    add("request", "generate with unknown fields of every kind", GENERATE,
        sent={**GENERATE, "x_nil": None, "x_map": {"a": {"b": [1, 2.5, None]}}, "x_bin": b"\xff",
              "x_ext": msgpack.ExtType(5, b"abc"), "x_time": msgpack.Timestamp(1700000000, 5),
              "x_big": 2**64 - 1, "x_low": -(2**63)})
    add("request", "generate with single-precision floats", {**GENERATE, "denoise": 0.5},
        canonical=False, use_single_float=True)
    add("request", "cancel", {"type": "cancel", "job_id": ID})
    for kind in ("list_models", "status", "ping", "list_jobs", "list_servers", "list_workflows",
                 "list_workers"):
        add("request", kind, {"type": kind})
    add("request", "image", {"type": "image", "job_id": ID, "index": 0})
    add("request", "image from a place on",
        {"type": "image", "job_id": ID, "index": 63, "offset": 1040384})
    add("request", "drain_server", {"type": "drain_server", "server": "gpu-1", "draining": True})
    add("request", "drain_worker", {"type": "drain_worker", "worker": "gpu1", "draining": False})
    add("request", "job", {"type": "job", "job_id": ID})
    add("request", "list_jobs with every field",
        {"type": "list_jobs", "state": "failed", "limit": 50, "cursor": "c-17"})
    add("request", "list_jobs of certain jobs",
        {"type": "list_jobs", "job_ids": [ID, "x"]})
    add("request", "list_jobs of no jobs", {"type": "list_jobs", "job_ids": []})


def replies():
    add("reply", "job_accepted", {"type": "job_accepted", "job_id": ID, "estimated_time_s": 12.5})
    add("reply", "job_accepted with a whole estimate",
        {"type": "job_accepted", "job_id": ID, "estimated_time_s": 8.0}, canonical=False)
    add("reply", "job_cancelled", {"type": "job_cancelled", "job_id": ID})
    add("reply", "model_list", {"type": "model_list", "models": [
        {"name": "a", "path": "/m/a.safetensors", "model_type": "checkpoint", "size_mb": 6617},
        {"name": "B", "path": "/m/B.safetensors", "model_type": "lora", "size_mb": 0},
        {"name": "c", "path": "/m/c.safetensors", "model_type": "vae", "size_mb": 319},
    ]})
    add("reply", "model_list of 20 models", {"type": "model_list", "models": [
        {"name": f"model-{n}", "path": "/m", "model_type": "lora", "size_mb": n}
        for n in range(20)
    ]})
    add("reply", "model_list without models", {"type": "model_list", "models": []})
    add("reply", "status_info", {"type": "status_info", "version": "1.0.0", "queue_size": 3,
                                 "active_jobs": 1, "uptime_s": 86400})
    add("reply", "status_info of a worker that takes compressed requests", {
        "type": "status_info", "version": "1.0.0", "queue_size": 3, "active_jobs": 1,
        "uptime_s": 86400, "compression": ["zstd", "zlib"]})
    add("reply", "pong", {"type": "pong"})
    add("reply", "error", {"type": "error", "message": "Unknown request type: nonsense"})
    add("reply", "job_info of a queued job", {
        "type": "job_info", "job_id": ID, "state": "queued", "attempts": 0,
        "created_at": 1700000000.25, "position": 2})
    add("reply", "job_info of a running job", {"type": "job_info", **JOB})
    add("reply", "job_info of a finished job", {
        "type": "job_info", "job_id": ID, "state": "completed", "attempts": 2,
        "created_at": 1700000000.25, "started_at": 1700000001.5, "finished_at": 1700000011.75,
        "image_path": "/out/1.png", "image_paths": ["/out/1.png", "/out/2.png"],
        "seed": 42, "duration_s": 10.25})
    add("reply", "job_info of a failed job", {
        "type": "job_info", "job_id": ID, "state": "failed", "attempts": 3,
        "created_at": 1700000000.25, "error": "Backend busy"})
    add("reply", "job_list", {"type": "job_list", "jobs": [JOB], "cursor": "c-18"})
    add("reply", "job_list of certain jobs", {
        "type": "job_list", "jobs": [JOB], "unknown_ids": ["x"],
        "epoch": 1700000000123, "last_seq": 4711})
    add("reply", "job_list of no jobs before the first update", {
        "type": "job_list", "jobs": [], "unknown_ids": [], "epoch": 1700000000123, "last_seq": 0})
    add("reply", "workflow_list",
        {"type": "workflow_list", "workflows": [{"name": "pixel_art_workflow"}, {"name": "mine"}]})
    add("reply", "server_list", {"type": "server_list", "servers": [
        {"name": "gpu-1", "url": "http://127.0.0.1:8188", "state": "ready", "active_jobs": 1},
        {"name": "gpu-2", "url": "http://127.0.0.2:8188", "state": "unreachable",
         "active_jobs": 0, "error": "connection refused"},
    ]})
    add("reply", "server_list with a drained server", {"type": "server_list", "servers": [
        {"name": "gpu-1", "url": "http://127.0.0.1:8188", "state": "ready", "active_jobs": 1,
         "draining": True},
    ]})
    add("reply", "worker_list", {"type": "worker_list", "workers": [
        {"name": "gpu1", "uptime_s": 3600, "silent_s": 0.25, "servers": 2, "active_jobs": 1,
         "draining": True, "own": True},
        {"name": "old", "silent_s": 4000.5, "servers": 1, "active_jobs": 0},
    ]})
    add("reply", "image_data", {
        "type": "image_data", "job_id": ID, "index": 0, "offset": 0, "size_bytes": 4,
        "content_type": "image/png", "data": b"\x89PNG"})
    add("reply", "image_data of an empty file", {
        "type": "image_data", "job_id": ID, "index": 1, "offset": 0, "size_bytes": 0,
        "content_type": "application/octet-stream", "data": b""})


def updates():
    add("update", "job_started", {"type": "job_started", "job_id": ID, "timestamp": 1700000001})
    add("update", "progress", PROGRESS)
    add("update", "progress with whole floats", {**PROGRESS, "percent": 50.0, "eta_s": 0.0},
        canonical=False)
    add("update", "preview",
        {"type": "preview", "job_id": ID, "image_path": "/out/preview.png", "step": 12})
    add("update", "job_finished",
        {"type": "job_finished", "job_id": ID, "success": True, "duration_s": 10.25})
    add("update", "job_finished without success",
        {"type": "job_finished", "job_id": ID, "success": False, "duration_s": 0.5})
    place = {"epoch": 1700000000123, "seq": 4711}
    for name, message in (
        ("job_started", {"type": "job_started", "job_id": ID, "timestamp": 1700000001}),
        ("progress", PROGRESS),
        ("preview", {"type": "preview", "job_id": ID, "image_path": "/p.png", "step": 12}),
        ("job_finished",
         {"type": "job_finished", "job_id": ID, "success": True, "duration_s": 10.25}),
        ("job_complete", {
            "type": "job_complete", "job_id": ID, "image_path": "/out/1.png", "duration_s": 10.25,
            "image_paths": ["/out/1.png"], "seed": 42}),
        ("job_error", {"type": "job_error", "job_id": ID, "error": "Backend busy"}),
    ):
        add("update", f"{name} with its number", {**message, **place})
    for direction in ("reply", "update"):
        add(direction, "job_complete with required fields only", {
            "type": "job_complete", "job_id": ID, "image_path": "/out/1.png",
            "duration_s": 10.25})
        add(direction, "job_complete with every field", {
            "type": "job_complete", "job_id": ID, "image_path": "/out/1.png",
            "duration_s": 10.25, "image_paths": ["/out/1.png", "/out/2.png"], "seed": 42})
        add(direction, "job_error",
            {"type": "job_error", "job_id": ID, "error": "Model not found: nonsense"})


def compressed():
    """As the usual encoders write: every level has another second byte, sizes may stand or lack."""
    long = {**GENERATE, "prompt": "a knight in a field, " * 400, "init_image": bytes(range(256))}
    for level in (0, 1, 6, 9):
        add("request", f"generate compressed with zlib, level {level}",
            GENERATE if level == 0 else long, compress=lambda data: zlib.compress(data, level))
    for name, options in (
        ("of unknown size", ()),
        ("without a checksum, level 19", ("-19", "--no-check")),
        ("with its size", (f"--stream-size={len(msgpack.packb(long))}",)),
        ("with a window of 8 MB", ("--zstd=wlog=23",)),
    ):
        add("request", f"generate compressed with zstd, {name}", long,
            compress=lambda data: zstd(data, *options))
    add("request", "ping compressed with zlib", {"type": "ping"}, compress=zlib.compress)
    add("request", "ping compressed with zstd", {"type": "ping"}, compress=zstd)
    models = {"type": "model_list", "models": [
        {"name": f"model-{n}", "path": "/m", "model_type": "lora", "size_mb": n}
        for n in range(20)
    ]}
    add("reply", "model_list compressed with zlib", models, compress=zlib.compress)
    add("reply", "model_list compressed with zstd", models, compress=zstd)


requests()
replies()
updates()
compressed()
json.dump(vectors, sys.stdout, indent=2)
sys.stdout.write("\n")
