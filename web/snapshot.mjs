// Pyodide as it lies in memory with numpy and phantomgpu imported, and back.
//
// A snapshot is a WebAssembly module that holds nothing but data: what lies in
// Pyodide's memory after all imports and did not lie there before. To
// instantiate it on a new Pyodide's memory is to restore it. What Python knows
// only by JavaScript goes beside it, as custom sections: proxies of JavaScript
// objects ("state") and the files it reads later ("files").
//
// The build makes it under Node (build_steps/snapshot.mjs) and engine.mjs
// restores it, both through this file, so that both lay out memory alike. It
// rests on Pyodide's private API; see docs/decisions/0013-page-start.md.

const sitePackages = "/lib/python3.14/site-packages";

// numpy's compiled modules, in the order they are placed. Each becomes a file
// of its own on the site, so that the browser compiles it while it downloads.
export const libraries = ["numpy/_core/_multiarray_umath", "numpy/linalg/_umath_linalg"];
const suffix = ".cpython-314-wasm32-emscripten.so";
export const libraryMember = (name) => name + suffix;
export const libraryFile = (name) => `${name.slice(name.lastIndexOf("/") + 1)}.wasm`;

// What Python would else take from the machine it runs on.
export const environment = {
  env: { HOME: "/home/pyodide", LANG: "C.UTF-8", PYTHONHASHSEED: "0" },
  _sysExecutable: "python",
};

/**
 * Pyodide's `create` with the libraries in memory before Python starts.
 *
 * Before Python starts, Emscripten puts one behind the other: their order alone
 * says where each lies, in memory and in the table of functions.
 *
 * @param {Function} create The default export of pyodide.asm.mjs.
 * @param {Array} modules For each of `libraries` its bytes or a (promised) WebAssembly.Module.
 * @param {Function} placed Called with Pyodide's module once they are there.
 * @returns {Function} What loadPyodide takes as `createPyodideModule`.
 */
export const withLibraries = (create, modules, placed = () => {}) => (settings) =>
  new Promise((resolve, reject) => {
    const place = async (Module) => {
      try {
        Module.addRunDependency("libraries");
        await placeAll(Module, modules);
        placed(Module);
        Module.removeRunDependency("libraries");
      } catch (error) {
        reject(error);
      }
    };
    create({ ...settings, preRun: [...settings.preRun, place] }).then(resolve, reject);
  });

const placeAll = async (Module, modules) => {
  // An engine without WebAssembly's garbage collection has no trampoline; its
  // place in the table stays empty, so that what follows has the same numbers.
  if (!Module.HEAP32[trampoline(Module)]) Module.wasmTable.grow(1);
  for (const [index, name] of libraries.entries()) {
    const path = `${sitePackages}/${libraryMember(name)}`;
    const flags = { loadAsync: true, nodelete: true, allowUndefined: true };
    const library = await modules[index];
    Module.preloadedWasm[path] = await Module.loadWebAssemblyModule(library, flags, path, {});
  }
  Module.layout = layout(Module);
};

// What must be the same where a snapshot is made and where it is restored.
const layout = (Module) => ({
  table: Module.wasmTable.length,
  heap: Module.HEAPU32[Module._emscripten_get_sbrk_ptr() >> 2],
});

const trampoline = (Module) => {
  const offset = Module.HEAP32[Module.__PyEM_EMSCRIPTEN_TRAMPOLINE_OFFSET >> 2];
  return (Module.__PyRuntime + offset) >> 2;
};

/**
 * A new Pyodide's module with the snapshot in its memory in place of Python's start.
 *
 * @param {Object} Module What `withLibraries` gives.
 * @param {WebAssembly.Module} snapshot
 * @throws {Error} Memory lies otherwise here than where the snapshot was made.
 */
export const restoreInto = (Module, snapshot) => {
  const state = JSON.parse(new TextDecoder().decode(section(snapshot, "state")));
  for (const [what, size] of Object.entries(state.layout))
    if (Module.layout[what] !== size)
      throw new Error(`the snapshot's ${what} is ${size}, here it is ${Module.layout[what]}`);
  Module.API.restoreSnapshot = () => {
    const own = Module.HEAP32[trampoline(Module)];
    if (Module.HEAPU8.length < state.heapBytes) Module.growMemory(state.heapBytes);
    Module.HEAPU8.fill(0, state.layout.heap);
    new WebAssembly.Instance(snapshot, { pyodide: { memory: Module.memory } });
    Module.HEAP32[trampoline(Module)] = own;
    return state.hiwire;
  };
  writeFiles(Module.FS, state.files, section(snapshot, "files"));
};

const section = (module, name) => {
  const [found] = WebAssembly.Module.customSections(module, name);
  if (!found) throw new Error(`the snapshot has no section ${name}`);
  return new Uint8Array(found);
};

const writeFiles = (FS, files, bytes) => {
  let end = 0;
  for (const [path, length] of files) {
    FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    FS.writeFile(path, bytes.slice(end, (end += length)), { canOwn: true });
  }
};
