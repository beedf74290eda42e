// The interpreter that PyScript is given for the worker: Pyodide from this
// site's own files, with numpy and phantomgpu unpacked before the first line of
// worker.py runs. All downloads start at once.
import { loadPyodide as load, version } from "./parts/pyodide/pyodide.mjs";

export { version };

const sitePackages = "/lib/python3.14/site-packages";
const here = new URL("./", import.meta.url);
const address = (path) => new URL(path, here).href;

const fetchBytes = async (path) => {
  const response = await fetch(address(path));
  if (!response.ok) throw new Error(`${path} is missing from this site: HTTP ${response.status}`);
  return response.arrayBuffer();
};

// Python's `import` cannot wait: in a worker a request may block.
const fetchRest = () => {
  const request = new XMLHttpRequest();
  request.open("GET", address("parts/rest.zip"), false);
  request.responseType = "arraybuffer";
  request.send();
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

export const loadPyodide = async (options = {}) => {
  const endProgress = reportProgress();
  const archives = ["parts/numpy.zip", "parts/phantomgpu.zip"].map(fetchBytes);
  const pyodide = await load({
    ...options,
    indexURL: address("parts/pyodide/"),
    stdLibURL: address("parts/python_stdlib.zip"),
  });
  const unpack = (bytes) => pyodide.unpackArchive(bytes, "zip", { extractDir: sitePackages });
  for (const archive of archives) unpack(await archive);
  pyodide.pyimport("engine_rest").install(fetchRest);
  // worker.py: `import site_parts; await site_parts.load("onnx")`
  pyodide.registerJsModule("site_parts", {
    load: async (name) => unpack(await fetchBytes(`parts/${name}.zip`)),
  });
  endProgress();
  return pyodide;
};
