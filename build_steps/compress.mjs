// Files -> the same files compressed, as most servers hand them out.
//
// node compress.mjs < [[FILE, "br" or "gz", RESULT], ...] as JSON
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const brotli = (bytes) =>
  promisify(brotliCompress)(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: bytes.length > LARGE ? 9 : 11,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
// Above this the highest quality takes minutes and saves a twentieth.
const LARGE = 12e6;
const make = { br: brotli, gz: (bytes) => promisify(gzip)(bytes, { level: 9 }) };

const wanted = JSON.parse(readFileSync(0, "utf8"));
// zlib works on threads of its own, so all of them at once.
await Promise.all(
  wanted.map(async ([file, kind, result]) =>
    writeFileSync(result, await make[kind](readFileSync(file))),
  ),
);
