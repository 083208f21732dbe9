import assert from "node:assert/strict";
import { formatKeys, parseKeys } from "../../src/keys/zpl.ts";

const PUBLIC = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
const SECRET = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6";

Deno.test("formatKeys() writes what parseKeys() reads", () => {
  const pair = { publicKey: PUBLIC, secretKey: SECRET };
  assert.deepEqual(parseKeys(formatKeys(pair)), pair);
  assert.deepEqual(parseKeys(formatKeys({ publicKey: PUBLIC })), { publicKey: PUBLIC });
});

Deno.test("parseKeys() reads a file with a comment, metadata and Windows line ends", () => {
  const text = `# made elsewhere\r\n\r\nmetadata\r\n    name = "box"\r\ncurve\r\n` +
    `    public-key = "${PUBLIC}"\r\n    secret-key = "${SECRET}"\r\n`;
  assert.deepEqual(parseKeys(text), { publicKey: PUBLIC, secretKey: SECRET });
});

Deno.test("parseKeys() passes over what is no key", () => {
  for (const text of ["", "public-key = ", 'public-key = "short"', `# public-key = "${PUBLIC}"`]) {
    assert.deepEqual(parseKeys(text), {});
  }
});
