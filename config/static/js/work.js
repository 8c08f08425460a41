// Solves what a vote is asked for while very many come in: counts up until a derived key begins as wanted (ALTCHA, PBKDF2).
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
const TOGETHER = 8;

async function derive({ nonce, salt, cost, keyLength }, counter) {
  const start = bytes(nonce);
  const password = new Uint8Array(start.length + 4);
  password.set(start);
  new DataView(password.buffer).setUint32(start.length, counter);
  const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
  return hex(await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: cost }, key, keyLength * 8));
}

export async function solve(challenge) {
  const wanted = challenge.parameters.keyPrefix;
  for (let first = 0; ; first += TOGETHER) {
    const keys = await Promise.all(Array.from({ length: TOGETHER }, (_, n) => derive(challenge.parameters, first + n)));
    const found = keys.findIndex((key) => key.startsWith(wanted));
    if (found >= 0) return btoa(JSON.stringify({ challenge, solution: { counter: first + found, derivedKey: keys[found] } }));
  }
}
