// The core's own tests, a second time, on the site's own archives: what passes
// here is what the page runs.
//
// node run.mjs SITE CHECKOUT WHEELS_FOLDER REFERENCE [pytest arguments]
import { existsSync, readdirSync, readFileSync, realpathSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [site, checkout, wheels, reference, ...args] = process.argv.slice(2);
const parts = resolve(site, "parts");
const { loadPyodide } = await import(pathToFileURL(resolve(parts, "pyodide/pyodide.mjs")).href);
const pyodide = await loadPyodide({
  indexURL: resolve(parts, "pyodide"),
  stdLibURL: resolve(parts, "python_stdlib.zip"),
});
pyodide.setStdout({ isatty: false, write: (bytes) => writeSync(1, bytes) });
pyodide.setStderr({ isatty: false, write: (bytes) => writeSync(2, bytes) });

const sitePackages = "/lib/python3.14/site-packages";
const read = (path) => new Uint8Array(readFileSync(path));
const unpack = (path) => pyodide.unpackArchive(read(path), "zip", { extractDir: sitePackages });
for (const name of ["numpy", "phantomgpu"]) unpack(resolve(parts, `${name}.zip`));
const onnx = read(resolve(parts, "onnx/onnx_cpp2py_export.wasm"));
pyodide.FS.writeFile(`${sitePackages}/onnx_cpp2py_export.abi3.so`, onnx);
let restAsked = false;
pyodide.pyimport("engine_rest").install(() => {
  restAsked = true;
  return read(resolve(parts, "rest.zip"));
});
pyodide.runPython("import phantomgpu.app, onnx_cpp2py_export");
if (restAsked) {
  console.error("Starting the engine took a module of rest.zip: see ALSO_AT_START in");
  console.error("build_steps/precompile_archives.py.");
  process.exit(1);
}
for (const name of readdirSync(wheels)) if (name.endsWith(".whl")) unpack(resolve(wheels, name));

const mount = (root, path) => {
  if (!existsSync(root)) return;
  pyodide.FS.mkdirTree(path);
  pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: realpathSync(root) }, path);
};
// All but phantomgpu/: the package tested is the one in the site.
const SHOWN = ["docs", "profiles", "tests", "web"];
for (const name of SHOWN) mount(resolve(checkout, name), `/checkout/main/${name}`);
pyodide.FS.writeFile("/checkout/main/pyproject.toml", read(resolve(checkout, "pyproject.toml")));
mount(resolve(checkout, "../shared"), "/checkout/shared");

pyodide.FS.writeFile("/reference.json", read(reference));

pyodide.globals.set("arguments", pyodide.toPy(args));
pyodide.globals.set("is_ci", Boolean(process.env.CI));
const code = pyodide.runPython(`
import os, sys
os.chdir("/checkout/main")
os.environ["PHANTOMGPU_REFERENCE"] = "/reference.json"
os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = "/tmp/hypothesis"
if is_ci:
    os.environ["CI"] = "true"
sys.dont_write_bytecode = True
sys.path += ["/checkout/main", "/checkout/main/tests/pyodide"]
import pytest
pytest.main(["-p", "in_pyodide", "-p", "no:cacheprovider", *arguments])
`);
process.exit(Number(code));
