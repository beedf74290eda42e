// Archives of Python -> the snapshot that engine.mjs starts from (web/snapshot.mjs).
//
// node snapshot.mjs FOLDER_OF_PYODIDE_AND_ARCHIVES WEB_FOLDER FOLDER_OF_LIBRARIES RESULT
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [given, web, compiled, result] = process.argv.slice(2).map((path) => resolve(path));
const load = (...path) => import(pathToFileURL(resolve(...path)).href);
const { loadPyodide } = await load(given, "pyodide.mjs");
const { default: create } = await load(given, "pyodide.asm.mjs");
const { environment, libraries, libraryFile, withLibraries } = await load(web, "snapshot.mjs");

const bytesOf = (...path) => new Uint8Array(readFileSync(resolve(...path)));
// What is equal is left out, except between two places that are nearer than this.
const SHORTEST_GAP = 32;

const main = async () => {
  const started = {};
  const modules = libraries.map((name) => bytesOf(compiled, libraryFile(name)));
  const pyodide = await loadPyodide({
    ...environment,
    indexURL: given,
    stdLibURL: resolve(given, "python_stdlib.zip"),
    _makeSnapshot: true,
    createPyodideModule: withLibraries(create, modules, (Module) => {
      started.Module = Module;
      started.empty = Module.HEAPU8.slice();
      Module.onRuntimeInitialized = () => {
        started.ready = Module.HEAPU8.slice();
      };
    }),
  });
  for (const name of ["numpy", "phantomgpu", "web"])
    pyodide.unpackArchive(bytesOf(given, `${name}.zip`), "zip", {
      extractDir: "/lib/python3.14/site-packages",
    });
  pyodide.FS.writeFile("/worker.py", bytesOf(web, "worker.py"));
  const { default: ofPyScript } = await load(given, "pyscript.mjs");
  writeTree(pyodide.FS, environment.env.HOME, ofPyScript);
  const files = pyodide.runPython(
    readFileSync(new URL("snapshot_contents.py", import.meta.url), "utf8"),
  );
  const unknown = Object.keys(started.Module.LDSO.loadedLibsByName).filter(
    (path) => path !== "__main__" && !libraries.some((name) => path.includes(`/${name}.`)),
  );
  if (unknown.length) throw new Error(`add to web/snapshot.mjs, libraries: ${unknown}`);
  writeFileSync(result, snapshotOf(pyodide, started, JSON.parse(files)));
};

// PyScript's Python: text by name, folders as objects.
const writeTree = (FS, folder, tree) => {
  FS.mkdirTree(folder);
  for (const [name, contents] of Object.entries(tree))
    if (typeof contents === "string") FS.writeFile(`${folder}/${name}`, contents);
    else writeTree(FS, `${folder}/${name}`, contents);
};

const snapshotOf = (pyodide, { Module, empty, ready }, paths) => {
  const contents = paths.map((path) => pyodide.FS.readFile(path));
  const state = {
    layout: Module.layout,
    heapBytes: Module.HEAPU8.length,
    hiwire: Module.API.serializeHiwireState(),
    files: paths.map((path, index) => [path, contents[index].length]),
  };
  return Buffer.concat([
    Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]),
    custom("state", Buffer.from(JSON.stringify(state))),
    custom("files", Buffer.concat(contents)),
    // Import "pyodide" "memory": a memory of any size.
    section(2, [Buffer.from([1]), text("pyodide"), text("memory"), Buffer.from([2, 0, 0])]),
    data(runs(Module.HEAPU8, empty, ready, Module.layout.heap)),
  ]);
};

// Where memory is not what a new Pyodide has there: below `heap` its own data,
// as compiled in (`empty`) and as its constructors leave them (`ready`), above it zeros.
const runs = (memory, empty, ready, heap) => {
  const found = [];
  let last = null;
  for (let at = 0; at < memory.length; at++) {
    const equal =
      at < heap ? memory[at] === empty[at] && ready[at] === empty[at] : memory[at] === 0;
    if (equal) continue;
    if (last && at - last.end < SHORTEST_GAP) last.end = at + 1;
    else found.push((last = { start: at, end: at + 1 }));
  }
  return found.map(({ start, end }) => [start, memory.subarray(start, end)]);
};

const data = (segments) =>
  section(11, [
    unsigned(segments.length),
    ...segments.flatMap(([start, bytes]) => [
      // An active segment: at (i32.const start).
      Buffer.from([0, 0x41]),
      signed(start),
      Buffer.from([0x0b]),
      unsigned(bytes.length),
      bytes,
    ]),
  ]);

const custom = (name, bytes) => section(0, [text(name), bytes]);

const section = (id, pieces) => {
  const contents = Buffer.concat(pieces);
  return Buffer.concat([Buffer.from([id]), unsigned(contents.length), contents]);
};

const text = (words) => Buffer.concat([unsigned(words.length), Buffer.from(words)]);

const unsigned = (value) => {
  const bytes = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
};

const signed = (value) => {
  const bytes = [];
  for (; value >= 64; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
};

try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
