// What readers of npm packages give out of tar archives: node read_tars.cjs FOLDER < JSON
// FOLDER has node_modules; standard input is a list of archives in base64. Prints, for each reader,
// a list for each archive: its files as [name, size, CRC-32], or null where it refuses the archive.
const { createRequire } = require("node:module");
const fs = require("node:fs");
const path = require("node:path");

const need = createRequire(path.join(process.argv[2], "x.js"));
const archives = JSON.parse(fs.readFileSync(0, "utf8")).map((text) => Buffer.from(text, "base64"));

const TABLE = Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? (byte >>> 1) ^ 0xedb88320 : byte >>> 1;
  return byte >>> 0;
});
const crc = (data) => {
  let sum = 0xffffffff;
  for (const byte of data) sum = (sum >>> 8) ^ TABLE[(sum ^ byte) & 0xff];
  return (sum ^ 0xffffffff) >>> 0;
};

const FILES = new Set(["File", "OldFile", "ContiguousFile", "file", "contiguous-file"]);

const nodeTar = (name) => (data) =>
  new Promise((resolve) => {
    const files = [];
    const parser = new (need(name).Parser ?? need(name).Parse)();
    parser.on("entry", (entry) => {
      const pieces = [];
      entry.on("data", (piece) => pieces.push(piece));
      entry.on("end", () => {
        const content = Buffer.concat(pieces);
        if (FILES.has(entry.type)) files.push([entry.path, content.length, crc(content)]);
      });
    });
    parser.on("end", () => resolve(files));
    parser.on("error", () => resolve(null));
    parser.end(data);
  });

const tarStream = (data) =>
  new Promise((resolve) => {
    const files = [];
    const extract = need("tar-stream").extract();
    extract.on("entry", (header, stream, next) => {
      const pieces = [];
      stream.on("data", (piece) => pieces.push(piece));
      stream.on("end", () => {
        const content = Buffer.concat(pieces);
        if (FILES.has(header.type)) files.push([header.name, content.length, crc(content)]);
        next();
      });
    });
    extract.on("finish", () => resolve(files));
    extract.on("error", () => resolve(null));
    extract.end(data);
  });

const pnpm = async (data) => {
  const store = path.dirname(need.resolve("@pnpm/store.cafs"));
  const { parseTarball } = require(path.join(store, "parseTarball.js"));
  try {
    return [...parseTarball(data).files].map(([name, { offset, size }]) => {
      const content = data.subarray(offset, offset + size);
      return [name, content.length, crc(content)];
    });
  } catch {
    return null;
  }
};

(async () => {
  const readers = { tar6: nodeTar("tar6"), tar7: nodeTar("tar7"), "tar-stream": tarStream, pnpm };
  const said = {};
  for (const [name, read] of Object.entries(readers)) {
    said[name] = [];
    for (const data of archives) said[name].push(await read(data));
  }
  fs.writeSync(1, JSON.stringify(said));
})();
