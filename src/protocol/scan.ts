/**
 * A look over the bytes of a message before anything is built from them.
 *
 * The MessagePack library reads whatever the bytes claim: it has no limit of depth (a megabyte of
 * nested arrays becomes a hundred megabytes of objects) and it turns broken UTF-8 into other text.
 * One pass over the bytes, without recursion and without allocation, settles all of that first.
 */

import { ProtocolError } from "../errors.ts";
import { hasByteOrderMark, isUtf8 } from "./utf8.ts";

/** Deepest nesting of maps and arrays; the deepest message of the protocol has 4. */
export const MAX_DEPTH = 32;

/** What the pass found out about a well-formed message. */
export interface Scan {
  /** Key-value pairs in all maps together; fewer keys after decoding mean that one came twice. */
  readonly entries: number;
  /** Null values, wherever they stand. */
  readonly nulls: number;
  /**
   * False when some text value must be read more strictly than the library does: broken UTF-8
   * becomes other text there, and a long text loses a leading byte order mark. (A broken key is
   * refused here.)
   */
  readonly plainText: boolean;
  /** True when a map key is no text, which the library must be helped to read. */
  readonly hasOddKeys: boolean;
  /** True when a value is bytes, which some languages send where text is meant. */
  readonly hasBytes: boolean;
}

const NIL = 0xc0;
/** The three kinds of `bin`. */
const BIN_FIRST = 0xc4;
const BIN_LAST = 0xc6;
/** `fixext 1`, by which msgpackr (Node) says `undefined`: type 0 and a zero. */
const FIXEXT_1 = 0xd4;
/** `fixext 4`. */
const FIXEXT_4 = 0xd6;

const SCALAR = 0;
const TEXT = 1;
const ARRAY = 2;
const MAP = 3;

/** Kind of the value that a first byte announces. */
const kinds = new Uint8Array(256).fill(SCALAR);
/** Bytes of the length that follows the first byte; 0 when `amounts` has it already. */
const lengthWidths = new Uint8Array(256);
/** Bytes (items for arrays, pairs for maps) that follow; with a length field: bytes beyond it. */
const amounts = new Uint8Array(256);

fillTables();

/**
 * The layout table of the MessagePack specification (https://github.com/msgpack/msgpack, spec.md).
 */
function fillTables(): void {
  for (let low = 0; low < 16; low++) {
    setLayout(0x80 + low, MAP, 0, low);
    setLayout(0x90 + low, ARRAY, 0, low);
  }
  for (let low = 0; low < 32; low++) setLayout(0xa0 + low, TEXT, 0, low);
  [1, 2, 4].forEach((width, index) => {
    setLayout(0xc4 + index, SCALAR, width, 0); // bin
    setLayout(0xc7 + index, SCALAR, width, 1); // ext, whose type takes a byte more
    setLayout(0xd9 + index, TEXT, width, 0);
  });
  [2, 4].forEach((width, index) => {
    setLayout(0xdc + index, ARRAY, width, 0);
    setLayout(0xde + index, MAP, width, 0);
  });
  [4, 8].forEach((size, index) => setLayout(0xca + index, SCALAR, 0, size)); // float
  [1, 2, 4, 8].forEach((size, index) => {
    setLayout(0xcc + index, SCALAR, 0, size); // uint
    setLayout(0xd0 + index, SCALAR, 0, size); // int
  });
  [1, 2, 4, 8, 16].forEach((size, index) => setLayout(0xd4 + index, SCALAR, 0, size + 1)); // fixext
}

function setLayout(head: number, kind: number, lengthWidth: number, amount: number): void {
  kinds[head] = kind;
  lengthWidths[head] = lengthWidth;
  amounts[head] = amount;
}

/** Values still due at each depth (a pair counts twice), and whether a map is being read there. */
const due = new Float64Array(MAX_DEPTH + 1);
const inMap = new Uint8Array(MAX_DEPTH + 1);

/**
 * Checks that the bytes are exactly one MessagePack map, whole and not too deep. (Which bytes announce a
 * value at all is left to the library.)
 *
 * @param maxValues Most values in the whole message, map keys included.
 * @throws {ProtocolError} `malformed` when they are not.
 */
export function scan(bytes: Uint8Array, maxValues: number): Scan {
  let values = 0;
  let entries = 0;
  let nulls = 0;
  let plainText = true;
  let hasOddKeys = false;
  let hasBytes = false;
  let depth = 0;
  let pos = 0;
  due[0] = 1;
  inMap[0] = 0;
  checkRoot(bytes);
  while (true) {
    while (depth >= 0 && due[depth] === 0) depth--;
    if (depth < 0) break;
    if (++values > maxValues) throw malformed(`it has more than ${maxValues} values`);
    const isKey = inMap[depth] === 1 && due[depth]! % 2 === 0;
    due[depth]!--;
    const head = byteAt(bytes, pos++);
    const kind = kinds[head]!;
    const width = lengthWidths[head]!;
    const amount = amounts[head]! + readLength(bytes, pos, width);
    pos += width;
    if (head === NIL || isUndefined(bytes, pos, head)) nulls++;
    if (isKey && kind >= ARRAY) throw malformed("a map key is a map or an array; use strings");
    if (isKey && kind !== TEXT) {
      if (head === FIXEXT_4 && bytes[pos] === MSGPACKR_BUNDLE) throw bundled();
      hasOddKeys = true;
    }
    if (!isKey && head >= BIN_FIRST && head <= BIN_LAST) hasBytes = true;
    if (kind >= ARRAY) {
      enter(++depth, kind, amount);
      if (kind === MAP) entries += amount;
      continue;
    }
    if (pos + amount > bytes.length) throw truncated(bytes);
    if (kind === TEXT && !isPlainText(bytes, pos, pos + amount)) {
      if (isKey) throw malformed("a map key is not plain UTF-8; encode keys as UTF-8 text");
      plainText = false;
    }
    pos += amount;
  }
  if (pos < bytes.length) throw malformed(`${bytes.length - pos} bytes follow the message`);
  return { entries, nulls, plainText, hasOddKeys, hasBytes };
}

/** Whether a value is the extension by which msgpackr says `undefined` (its README, "Encoding types"). */
export function isUndefined(bytes: Uint8Array, pos: number, head: number): boolean {
  return head === FIXEXT_1 && bytes[pos] === 0 && bytes[pos + 1] === 0;
}

function checkRoot(bytes: Uint8Array): void {
  const [head, next] = bytes;
  if (head === undefined) throw malformed("it is empty");
  if (kinds[head] === MAP) return;
  throw malformed(`expected a MessagePack map with string keys, got ${rootKind(head, next)}`);
}

/** What a message is in place of a map, with what helps the client that most often sends it. */
function rootKind(head: number, next: number | undefined): string {
  if (kinds[head] === ARRAY) {
    return "an array; write structs as maps (Rust: rmp_serde::to_vec_named; Python: a dict; PHP: an array)";
  }
  if (head === JSON_BRACE) return "JSON text; encode it as MessagePack";
  if (head === FIXEXT_1 && next === MSGPACKR_RECORD) {
    return "a record of msgpackr; use new Packr({ useRecords: false })";
  }
  if (head >= MSGPACKR_FIRST && head <= FIXINT_LAST) {
    return "a number, or a record of msgpackr; use new Packr({ useRecords: false })";
  }
  if (kinds[head] === TEXT) return "a string; encode the map itself, not its JSON";
  return head >= BIN_FIRST && head <= BIN_LAST ? "bytes; send the map itself" : "another value";
}

/** `{`, which MessagePack reads as the number 123. */
const JSON_BRACE = 0x7b;
/** Type of the extension in which msgpackr writes objects with a shape of their own. */
const MSGPACKR_RECORD = 0x72;
/** Type of the extension in whose place msgpackr has moved all texts to the end. */
const MSGPACKR_BUNDLE = 0x62;
/** With `structures` msgpackr begins a record with a number from here to the last of one byte. */
const MSGPACKR_FIRST = 0x40;
const FIXINT_LAST = 0x7f;

function bundled(): ProtocolError {
  return malformed(
    "its texts are bundled by msgpackr; use new Packr({ useRecords: false, bundleStrings: false })",
  );
}

function enter(depth: number, kind: number, amount: number): void {
  if (depth > MAX_DEPTH) throw malformed(`nested deeper than ${MAX_DEPTH} levels`);
  inMap[depth] = kind === MAP ? 1 : 0;
  due[depth] = kind === MAP ? 2 * amount : amount;
}

function byteAt(bytes: Uint8Array, pos: number): number {
  const byte = bytes[pos];
  if (byte === undefined) throw truncated(bytes);
  return byte;
}

function readLength(bytes: Uint8Array, start: number, width: number): number {
  let length = 0;
  for (let pos = start; pos < start + width; pos++) length = length * 256 + byteAt(bytes, pos);
  return length;
}

function isPlainText(bytes: Uint8Array, start: number, end: number): boolean {
  return isUtf8(bytes, start, end) && (start === end || !hasByteOrderMark(bytes, start));
}

function truncated(bytes: Uint8Array): ProtocolError {
  return malformed(`it ends after ${bytes.length} bytes, in the middle of a value`);
}

/** The error for bytes that are no message at all. */
export function malformed(reason: string, context: ErrorOptions = {}): ProtocolError {
  return new ProtocolError("malformed", `Malformed message: ${reason}`, context);
}
