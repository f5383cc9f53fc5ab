// Cyclic redundancy checks that Node does not bring, and the joining of two. It knows nothing of S3.
// Parameters (all reflected): https://reveng.sourceforge.io/crc-catalogue/ CRC-32/ISO-HDLC, CRC-32/ISCSI and CRC-64/NVME.

/** A running check. `digest` gives big-endian bytes. */
export type RunningCrc = { update(bytes: Uint8Array): void; digest(): Buffer };

const CRC32_POLYNOMIAL = 0xedb88320n;
const CRC32C_POLYNOMIAL = 0x82f63b78n;
const CRC64NVME_POLYNOMIAL = 0x9a6c9329ac4bc9b5n;
const castagnoli = crcTable(CRC32C_POLYNOMIAL);
const nvme = crcTable(CRC64NVME_POLYNOMIAL);

export function crc32cRunning(): RunningCrc {
  let crc = 0xffffffff;
  return {
    update(bytes) {
      const table = castagnoli.low;
      let value = crc;
      for (let index = 0; index < bytes.length; index += 1) {
        value = (table[(value ^ (bytes[index] as number)) & 0xff] as number) ^ (value >>> 8);
      }
      crc = value;
    },
    digest() {
      const result = Buffer.alloc(4);
      result.writeUInt32BE(~crc >>> 0);
      return result;
    },
  };
}

/** In two 32-bit halves: BigInt would be fifty times slower. */
export function crc64nvmeRunning(): RunningCrc {
  let high = 0xffffffff;
  let low = 0xffffffff;
  return {
    update(bytes) {
      let [upper, lower] = [high, low];
      for (let index = 0; index < bytes.length; index += 1) {
        const entry = (lower ^ (bytes[index] as number)) & 0xff;
        lower = ((lower >>> 8) | (upper << 24)) ^ (nvme.low[entry] as number);
        upper = (upper >>> 8) ^ (nvme.high[entry] as number);
      }
      [high, low] = [upper, lower];
    },
    digest() {
      const result = Buffer.alloc(8);
      result.writeUInt32BE(~high >>> 0, 0);
      result.writeUInt32BE(~low >>> 0, 4);
      return result;
    },
  };
}

/** The check of `left` followed by `right`, from the two checks and the length of `right` in bytes. */
export function joinCrc(
  algorithm: 'crc32' | 'crc32c' | 'crc64nvme',
  left: Buffer,
  right: Buffer,
  rightBytes: number,
): Buffer {
  const polynomial = { crc32: CRC32_POLYNOMIAL, crc32c: CRC32C_POLYNOMIAL, crc64nvme: CRC64NVME_POLYNOMIAL }[algorithm];
  const width = left.length * 8;
  const one = 1n << BigInt(width - 1);
  // x^(8 · rightBytes) modulo the polynomial, by squaring; bit `width - 1` is the coefficient of x^0.
  let power = one;
  let square = one >> 8n;
  for (let count = rightBytes; count > 0; count = Math.floor(count / 2)) {
    if (count % 2 === 1) power = multiply(power, square, polynomial, one);
    square = multiply(square, square, polynomial, one);
  }
  const shifted = multiply(BigInt(`0x${left.toString('hex')}`), power, polynomial, one);
  const joined = shifted ^ BigInt(`0x${right.toString('hex')}`);
  return Buffer.from(joined.toString(16).padStart(width / 4, '0'), 'hex');
}

function multiply(left: bigint, right: bigint, polynomial: bigint, one: bigint): bigint {
  let product = 0n;
  let factor = right;
  for (let bit = one; bit > 0n; bit >>= 1n) {
    if (left & bit) product ^= factor;
    factor = factor & 1n ? (factor >> 1n) ^ polynomial : factor >> 1n;
  }
  return product;
}

function crcTable(polynomial: bigint): { high: Int32Array; low: Int32Array } {
  const high = new Int32Array(256);
  const low = new Int32Array(256);
  for (let byte = 0; byte < 256; byte += 1) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    low[byte] = Number(BigInt.asIntN(32, value));
    high[byte] = Number(BigInt.asIntN(32, value >> 32n));
  }
  return { high, low };
}
