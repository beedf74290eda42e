// The interpreter that PyScript is given for the worker: Pyodide from this
// site's own files, with numpy and phantomgpu imported before the first line of
// worker.py runs. It starts from a snapshot of its memory (snapshot.mjs); where
// that cannot be, it imports everything from the archives, which takes longer
// and gives the same. All downloads start at once.
import { loadPyodide as load, version } from "./parts/pyodide/pyodide.mjs";
import { environment, libraries, libraryFile, restoreInto, withLibraries } from "./snapshot.mjs";

export { version };

const sitePackages = "/lib/python3.14/site-packages";
const here = new URL("./", import.meta.url);
const address = (path) => new URL(path, here).href;

const plainFetch = self.fetch.bind(self);
const fetched = async (path) => {
  const response = await plainFetch(address(path));
  if (!response.ok) throw new Error(`${path} is missing from this site: HTTP ${response.status}`);
  return response;
};
const fetchBytes = async (path) => (await fetched(path)).arrayBuffer();

// WebAssembly is the bulk of the download. A host that does not compress it has
// it compressed as another file, which is unpacked here; on this machine that
// would only take time.
const isNear = ["localhost", "127.0.0.1", "[::1]"].includes(here.hostname);
const wasmType = "application/wasm";
const fetchWasm = async (path) => {
  const response = await fetched(path);
  if (isNear || response.headers.has("Content-Encoding") || !self.DecompressionStream)
    return response;
  const packed = await plainFetch(address(`${path}.gz`));
  if (packed.status !== 200) return response;
  response.body.cancel();
  const unpacked = packed.body.pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked, { headers: { "Content-Type": wasmType } });
};

const fetchCompiled = async (path) => {
  const response = await fetchWasm(path);
  const isTyped = response.headers.get("Content-Type")?.startsWith(wasmType);
  if (isTyped) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
};

// Pyodide fetches its WebAssembly itself; it gets what fetchWasm finds.
const asmWasm = "parts/pyodide/pyodide.asm.wasm";
self.fetch = (resource, options) =>
  String(resource) === address(asmWasm) ? fetchWasm(asmWasm) : plainFetch(resource, options);

// Python's `import` and a model of the engine cannot wait: in a worker a request may block.
const fetchNow = (path) => {
  const request = new XMLHttpRequest();
  request.open("GET", address(path), false);
  request.responseType = "arraybuffer";
  request.send();
  if (request.status !== 200)
    throw new Error(`${path} is missing from this site: HTTP ${request.status}`);
  return request.response;
};

// Tells the page how far the downloads are; `total` is written by the build.
const total = Number("{{engine_bytes}}");
const reportProgress = () => {
  const channel = new BroadcastChannel("phantomgpu-engine");
  let loaded = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) loaded += entry.decodedBodySize;
    channel.postMessage({ loaded: Math.min(loaded, total), total });
  });
  observer.observe({ type: "resource", buffered: true });
  return () => {
    observer.disconnect();
    channel.postMessage({ loaded: total, total });
    channel.close();
  };
};

const fromSnapshot = async (options) => {
  const modules = libraries.map((name) => fetchCompiled(`parts/numpy/${libraryFile(name)}`));
  const fetching = Promise.all([fetchCompiled("parts/snapshot.wasm"), ...modules]);
  const create = import("./parts/pyodide/pyodide.asm.mjs");
  return load({
    ...options,
    ...environment,
    // The snapshot has what Python takes from its standard library.
    stdLibURL: "data:application/zip,",
    // Not a snapshot as Pyodide makes them: it only sees that there is one.
    _loadSnapshot: new Uint8Array(1),
    createPyodideModule: async (settings) => {
      const [{ default: made }, [snapshot, ...compiled]] = await Promise.all([create, fetching]);
      const Module = await withLibraries(made, compiled)(settings);
      restoreInto(Module, snapshot);
      return Module;
    },
  });
};

const fromArchives = async (options) => {
  const archives = ["numpy", "phantomgpu", "web"].map((name) => fetchBytes(`parts/${name}.zip`));
  const stdLibURL = address("parts/python_stdlib.zip");
  const pyodide = await load({ ...options, stdLibURL });
  for (const archive of archives)
    pyodide.unpackArchive(await archive, "zip", { extractDir: sitePackages });
  return pyodide;
};

// Compiled modules of Python that are not needed at start: `import` finds them
// where they are and need not compile them.
const laterLibraries = { onnx: "onnx_cpp2py_export" };
const loadLibrary = async (pyodide, folder, name) => {
  const path = `${sitePackages}/${name}.abi3.so`;
  const { FS, loadWebAssemblyModule, preloadedWasm } = pyodide._module;
  const compiled = await fetchCompiled(`parts/${folder}/${name}.wasm`);
  const flags = { loadAsync: true, nodelete: true };
  preloadedWasm[path] = await loadWebAssemblyModule(compiled, flags, path, {});
  FS.writeFile(path, "");
};

// Whoever asks for the lock of that name gets it when this worker ends, even by a crash.
const holdLock = () =>
  new Promise((resolve) => {
    if (!navigator.locks) return resolve("");
    const name = `phantomgpu-engine-${crypto.randomUUID()}`;
    navigator.locks.request(name, () => {
      resolve(name);
      return new Promise(() => {});
    });
  });

export const loadPyodide = async (options = {}) => {
  const endProgress = reportProgress();
  const here = { ...options, indexURL: address("parts/pyodide/") };
  let pyodide;
  try {
    pyodide = await fromSnapshot(here);
  } catch (error) {
    console.info(`PhantomGPU starts without its snapshot: ${error.message}`);
    pyodide = await fromArchives(here);
  }
  pyodide.pyimport("engine_rest").install((name) => fetchNow(`parts/${name}.zip`));
  // worker.py: `import site_parts; await site_parts.load("onnx")`
  pyodide.registerJsModule("site_parts", {
    load: (name) => loadLibrary(pyodide, name, laterLibraries[name]),
    fetch_model: (file) => fetchNow(`parts/models/${file}`),
    hold_lock: holdLock,
  });
  endProgress();
  return pyodide;
};
