// Runs precompile_archives.py inside the very Pyodide that will import its
// results, with the archives of the site to begin with.
//
// node precompile.mjs PYODIDE_FOLDER FOLDER_OF_ARCHIVES FOLDER_OF_RESULTS
import { mkdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, given, made] = process.argv.slice(2).map((path) => resolve(path));
const { loadPyodide } = await import(pathToFileURL(resolve(folder, "pyodide.mjs")).href);
const pyodide = await loadPyodide({
  indexURL: folder,
  stdLibURL: resolve(given, "python_stdlib.zip"),
});
mkdirSync(made, { recursive: true });
for (const [path, root] of [["/given", given], ["/made", made]]) {
  pyodide.FS.mkdirTree(path);
  pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root }, path);
}
try {
  pyodide.runPython(readFileSync(new URL("precompile_archives.py", import.meta.url), "utf8"));
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
