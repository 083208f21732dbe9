/**
 * CURVE keys as files: the worker's, a client's, and those that may connect.
 *
 * @module
 */

export { type AllowedClients, createAllowedClients } from "./allowed_clients.ts";
export {
  type KeyFiles,
  type KeyPair,
  readPublicKey,
  readSecretKey,
  writeKeyFiles,
} from "./key_file.ts";
