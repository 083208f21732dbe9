/** What a client of one ComfyUI server offers. */

import type { ComfyError } from "../errors.ts";
import type { HistoryEntry } from "./api/history.ts";
import type { ModelDetails, ServerFeatures, SystemStats } from "./api/info.ts";
import type { JsonObject } from "./api/json.ts";
import type {
  CallOptions,
  CancelOptions,
  FollowOptions,
  ReadOptions,
  RunOptions,
  UploadOptions,
} from "./options.ts";
import type { QueueView } from "./api/server_view.ts";
import type { CancelOutcome, ComfyEvent, ImageRef, PromptGraph, PromptStatus } from "./types.ts";

/** Talks to one ComfyUI server. Every call can be given up by a signal and has a time limit. */
export interface ComfyClient extends AsyncDisposable {
  /**
   * The id that prompts are posted under. It changes when the server would not let go of the old
   * socket; the `queued` event tells which one a prompt has.
   */
  readonly clientId: string;
  /**
   * Opens the event socket and waits until the server has confirmed it; `run` does so by itself.
   *
   * @throws {ComfyError} `unreachable`, `timeout`, or `bad_answer` when that is no ComfyUI.
   */
  connect(options?: CallOptions): Promise<void>;
  /**
   * Opens the event socket; where only that fails, makes sure that the server answers, so that prompts
   * can be followed by asking it.
   *
   * @returns why there is no event socket, if there is none.
   * @throws {ComfyError} When the server does not answer either.
   */
  reach(options?: CallOptions): Promise<ComfyError | undefined>;
  /**
   * Posts a prompt when iteration begins and follows it to its end: `completed` is the last event,
   * and every other ending throws. Whatever happens to the answer of the post, the prompt runs
   * once.
   *
   * @throws {ComfyError} `rejected`, `execution`, `out_of_memory`, `interrupted`, `lost`,
   *   `stalled`, `timeout`, `unreachable`, `http_status` or `bad_answer`.
   * @throws {TypeError} When this client follows a prompt of that id already.
   */
  run(graph: PromptGraph, options?: RunOptions): AsyncIterable<ComfyEvent>;
  /**
   * Follows a prompt that was posted before, by this client or one with the same id. It begins with
   * `queued`, and with `started` if it has begun; what happened before is not told again.
   *
   * @throws {ComfyError} As {@linkcode run}; `lost` when the server knows nothing of it.
   */
  attach(
    promptId: string,
    options?: FollowOptions & { graph?: PromptGraph },
  ): AsyncIterable<ComfyEvent>;
  /** Asks where a prompt stands. */
  state(promptId: string, options?: CallOptions): Promise<PromptStatus>;
  /**
   * Cancels a prompt, pending or running, and tells what came of it. Other prompts are left alone.
   *
   * @throws {ComfyError} When the server could not be asked within the time (5 s unless told
   *   otherwise).
   */
  cancel(promptId: string, options?: CancelOptions): Promise<CancelOutcome>;
  /** Asks for the machine and the software. */
  systemStats(options?: CallOptions): Promise<SystemStats>;
  /** Finds out what the server can do. The findings are kept until the connection is lost. */
  features(options?: CallOptions): Promise<ServerFeatures>;
  /**
   * Asks for the node classes, or one of them; a class that is unknown is missing from the answer.
   */
  objectInfo(nodeClass?: string, options?: CallOptions): Promise<Record<string, JsonObject>>;
  /** Asks which classes are put in place of others that the server lacks, by the names of those. */
  nodeReplacements(options?: CallOptions): Promise<Record<string, string>>;
  /** Asks for the models of a folder, such as `checkpoints`; none for a folder that is unknown. */
  models(folder: string, options?: CallOptions): Promise<string[]>;
  /** Like {@linkcode models}, with sizes; `undefined` where the server cannot tell. */
  modelDetails(folder: string, options?: CallOptions): Promise<ModelDetails[] | undefined>;
  /** Asks for the queue. */
  queue(options?: CallOptions): Promise<QueueView>;
  /** Asks for the history entry of a prompt; `undefined` unless it has ended. */
  history(promptId: string, options?: CallOptions): Promise<HistoryEntry | undefined>;
  /**
   * Reads a file into memory, whole and checked.
   *
   * @throws {ComfyError} `output` when it is gone, incomplete, or has more than `maxBytes`.
   */
  read(image: ImageRef, options: ReadOptions): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Uploads an image to ComfyUI's input directory, under a name of ComfyUI's choice.
   *
   * @throws {ComfyError} `http_status` with status 413 for a file beyond the server's limit.
   */
  upload(
    bytes: Uint8Array<ArrayBuffer>,
    filename: string,
    options?: UploadOptions,
  ): Promise<ImageRef>;
  /**
   * Looks for what was uploaded before, perhaps by an earlier process; undefined also where the server
   * keeps no assets.
   */
  findUpload(
    bytes: Uint8Array,
    filename: string,
    options?: CallOptions & { subfolder?: string },
  ): Promise<ImageRef | undefined>;
  /** Asks whether the server still has what was uploaded; false also where it keeps no assets. */
  hasUpload(image: ImageRef, options?: CallOptions): Promise<boolean>;
  /** Has the server forget its loaded models and cached results, as after running out of memory. */
  free(options?: CallOptions): Promise<void>;
  /** Closes the socket; iterations under way throw, and their prompts stay for a later `attach`. */
  close(): Promise<void>;
}
