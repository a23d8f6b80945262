/**
 * 64 bits as some hundred that survive: a CRC-24 (OpenPGP's, RFC 4880 section 6.1) over the payload, then a convolutional code of rate 1/4, read by
 * a soft Viterbi decoder.
 */

/** bits of a payload: the first name the deployment, 40 the generation */
export const payloadBits = 64;
export const deploymentBits = 24;
export const generationBits = payloadBits - deploymentBits;
/** of the checksum behind it */
export const checkBits = 24;
const informationBits = payloadBits + checkBits;

export interface Code {
  /** bits that are coded, one after the other, each as as many */
  readonly steps: number;
  /** bits that are written into the picture */
  readonly bits: number;
  /**
   * The coded bits of a payload, each −1 or 1.
   *
   * @param payload 0 … 2⁶⁴ − 1
   */
  encode(payload: bigint): Int8Array;
  /** The coded bits that a deployment's payloads begin with, all alike. */
  beginning(deployment: bigint): Int8Array;
  /**
   * The most likely payload.
   *
   * @param soft what was read for each coded bit: its sign says which, its size how surely; 0 for one that was not written
   * @param deployment what the payload begins with, where that is known; so much less has to be read
   * @returns null when the checksum does not fit: of noise, one reading in 2²⁴ passes
   */
  read(soft: Float64Array, deployment?: bigint | null): bigint | null;
}

/** Constraint length 7 (Proakis, Digital Communications, table 8.2-3): for the tile, of which every bit has eight cells and more. */
export const tileCode = convolutionalCode(6, [0o135, 0o135, 0o147, 0o163]);
/** Constraint length 13, of the same table: a decibel more for some milliseconds, for the blocks of small pictures. */
export const blockCode = convolutionalCode(12, [0o11145, 0o12477, 0o15537, 0o16727]);

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

/** Whether an odd number of bits are set. */
function parity(value: number): number {
  let rest = value;
  for (let shift = 8; shift > 0; shift >>= 1) rest ^= rest >> shift;
  return rest & 1;
}

/**
 * @param memory bits that the coder remembers; as many zeros follow the word
 * @param generators which bits of its register, the newest on top, each coded bit is the parity of
 */
function convolutionalCode(memory: number, generators: readonly [number, number, number, number]): Code {
  const rate = generators.length;
  const states = 1 << memory;
  const steps = informationBits + memory;
  const bits = steps * rate;
  /** for each register: its coded bits as a number, the first generator's lowest */
  const outputs = Uint8Array.from({ length: states * 2 }, (_, register) =>
    generators.reduce((all, generator, place) => all | (parity(register & generator) << place), 0),
  );
  const signsOf = (output: number) => generators.map((_, place) => (((output >> place) & 1) === 1 ? -1 : 1));

  function encode(payload: bigint): Int8Array {
    const word = (payload << BigInt(checkBits)) | BigInt(checksum(payload));
    const coded = new Int8Array(bits);
    let register = 0;
    for (let step = 0; step < steps; step += 1) {
      const shift = informationBits - 1 - step;
      const bit = shift >= 0 ? Number((word >> BigInt(shift)) & 1n) : 0;
      register = (bit << memory) | (register >> 1);
      coded.set(signsOf(outputs[register] ?? 0), step * rate);
    }
    return coded;
  }

  const beginning = (deployment: bigint) =>
    encode(deployment << BigInt(generationBits)).slice(0, deploymentBits * rate);

  function read(soft: Float64Array, deployment: bigint | null = null): bigint | null {
    let scores = new Float64Array(states).fill(-Infinity);
    let next = new Float64Array(states);
    scores[0] = 0;
    const decisions = new Uint8Array(steps * states);
    for (let step = 0; step < steps; step += 1) {
      const gains = Float64Array.from({ length: 1 << rate }, (_, output) =>
        signsOf(output).reduce((sum, sign, place) => sum + sign * (soft[step * rate + place] ?? 0), 0),
      );
      // After the word come as many zeros as the register is long. Two registers, alike but for their oldest bit, lead to each state.
      const only = step < informationBits ? knownBit(step, deployment) : 0;
      next.fill(-Infinity);
      for (let state = only === 1 ? states / 2 : 0; state < (only === 0 ? states / 2 : states); state += 1) {
        const register = state * 2;
        const from = register & (states - 1);
        const zero = (scores[from] ?? 0) + (gains[outputs[register] ?? 0] ?? 0);
        const one = (scores[from + 1] ?? 0) + (gains[outputs[register + 1] ?? 0] ?? 0);
        next[state] = Math.max(zero, one);
        decisions[step * states + state] = one > zero ? 1 : 0;
      }
      [scores, next] = [next, scores];
    }
    let state = 0;
    let word = 0n;
    for (let step = steps - 1; step >= 0; step -= 1) {
      if (step < informationBits) word |= BigInt(state >> (memory - 1)) << BigInt(informationBits - 1 - step);
      state = ((state << 1) & (states - 1)) | (decisions[step * states + state] ?? 0);
    }
    const payload = word >> BigInt(checkBits);
    return checksum(payload) === Number(word & BigInt((1 << checkBits) - 1)) ? payload : null;
  }

  return { steps, bits, encode, beginning, read };
}

/** The bit of a word that stands for its deployment; null where it says something else, or nobody knows. */
function knownBit(place: number, deployment: bigint | null): 0 | 1 | null {
  if (deployment === null || place >= deploymentBits) return null;
  return ((deployment >> BigInt(deploymentBits - 1 - place)) & 1n) === 1n ? 1 : 0;
}
