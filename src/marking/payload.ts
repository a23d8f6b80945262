/**
 * 64 bits as 376 that survive: a CRC-24 (OpenPGP's, RFC 4880 section 6.1) over the payload, then the convolutional code of rate 1/4
 * and constraint length 7 with the generators 135, 135, 147, 163 (octal; Proakis, Digital Communications, table 8.2-3), read by a soft
 * Viterbi decoder.
 */

/** bits of a payload: 24 name the deployment, 40 the generation */
export const payloadBits = 64;
/** of the checksum behind it */
export const checkBits = 24;
const memory = 6;
const generators = [0o135, 0o135, 0o147, 0o163] as const;
const states = 1 << memory;
const informationBits = payloadBits + checkBits;
/** bits that are written into the picture */
export const codeBits = (informationBits + memory) * generators.length;

/** ±1 of a coded bit: whether an odd number of the register's tapped bits are set. */
function parity(value: number): number {
  let rest = value;
  rest ^= rest >> 4;
  rest ^= rest >> 2;
  rest ^= rest >> 1;
  return rest & 1;
}

/** For each register of seven bits (the newest on top), the four coded bits as ±1. */
const outputs: readonly (readonly number[])[] = Array.from({ length: states * 2 }, (_, register) =>
  generators.map((generator) => (parity(register & generator) === 1 ? -1 : 1)),
);

/** CRC-24 of the payload's eight bytes, most significant first. */
function checksum(payload: bigint): number {
  let crc = 0xb704ce;
  for (let shift = 56n; shift >= 0n; shift -= 8n) {
    crc ^= Number((payload >> shift) & 0xffn) << 16;
    for (let bit = 0; bit < 8; bit += 1) {
      crc <<= 1;
      if ((crc & 0x1000000) !== 0) crc ^= 0x1864cfb;
    }
  }
  return crc & 0xffffff;
}

/**
 * The coded bits of a payload, each −1 or 1.
 *
 * @param payload 0 … 2⁶⁴ − 1
 */
export function encodePayload(payload: bigint): Int8Array {
  const word = (payload << BigInt(checkBits)) | BigInt(checksum(payload));
  const coded = new Int8Array(codeBits);
  let register = 0;
  for (let index = 0; index < informationBits + memory; index += 1) {
    const shift = informationBits - 1 - index;
    const bit = shift >= 0 ? Number((word >> BigInt(shift)) & 1n) : 0;
    register = (bit << memory) | (register >> 1);
    coded.set(outputs[register] ?? [], index * generators.length);
  }
  return coded;
}

/**
 * The most likely payload.
 *
 * @param soft what was read for each coded bit: its sign says which, its size how surely
 * @returns null when the checksum does not fit: of noise, one reading in 2²⁴ passes
 */
export function decodePayload(soft: Float64Array): bigint | null {
  const steps = informationBits + memory;
  let scores = new Float64Array(states).fill(-Infinity);
  scores[0] = 0;
  const decisions: Uint8Array[] = [];
  for (let step = 0; step < steps; step += 1) {
    const next = new Float64Array(states).fill(-Infinity);
    const chosen = new Uint8Array(states);
    for (let state = 0; state < states; state += 1) {
      const score = scores[state] ?? -Infinity;
      if (score === -Infinity) continue;
      // After the word come as many zeros as the register is long.
      for (let bit = 0; bit <= (step < informationBits ? 1 : 0); bit += 1) {
        const register = (bit << memory) | state;
        let gain = score;
        for (const [place, sign] of (outputs[register] ?? []).entries()) {
          gain += sign * (soft[step * generators.length + place] ?? 0);
        }
        const target = register >> 1;
        if (gain > (next[target] ?? -Infinity)) {
          next[target] = gain;
          chosen[target] = state & 1;
        }
      }
    }
    scores = next;
    decisions.push(chosen);
  }
  let state = 0;
  let word = 0n;
  for (let step = steps - 1; step >= 0; step -= 1) {
    const bit = state >> (memory - 1);
    if (step < informationBits) word |= BigInt(bit) << BigInt(informationBits - 1 - step);
    state = ((state << 1) & (states - 1)) | (decisions[step]?.[state] ?? 0);
  }
  const payload = word >> BigInt(checkBits);
  return checksum(payload) === Number(word & BigInt((1 << checkBits) - 1)) ? payload : null;
}
