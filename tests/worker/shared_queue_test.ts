import assert from "node:assert/strict";
import { type Client, connect } from "../../src/client/mod.ts";
import { decodeUpdate } from "../../src/protocol/mod.ts";
import { startSimulator } from "../../src/simulator/mod.ts";
import { zmqTransport } from "../../src/transport/mod.ts";
import { type PixelsWorker, startWorker } from "../../src/worker/mod.ts";
import { startCluster } from "../support/postgres.ts";
import { tempDir } from "../support/temp_dir.ts";
import { IMAGE, testConfig } from "../support/worker.ts";
