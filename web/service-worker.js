// The page without a network: every file of one version of the site, checked by
// its hash, kept on this machine and given from there.
//
// A version is kept whole or not at all. While a page of an older one is open,
// a new version waits; it takes over at the next reload of the last such page.

// Path of every file -> sha256 of its contents; both written by the build.
const files = JSON.parse(`{{files}}`);
const version = "{{version}}";

const scope = new URL("./", self.location);
// Other pages of this origin have caches too.
const family = `phantomgpu ${scope.pathname} `;
const cacheName = family + version;
const AT_ONCE = 4;
const PATIENCE_MS = 2000;
// An empty page that asks again once the new version answers. (`Refresh: 0` would do nothing
// where the address ends in a share link: that is the same page, another place in it.)
const UNTIL_TAKEN_OVER = `<!doctype html><link rel="icon" href="data:,"><script>
  const again = () => location.reload();
  navigator.serviceWorker.addEventListener("controllerchange", again, { once: true });
  setTimeout(again, ${PATIENCE_MS});
</script>`;

// Some hosts send index.html away to the folder; a page may not come from such an answer.
const address = (path) => new URL(path === "index.html" ? "./" : path, scope).href;

self.addEventListener("install", (event) => event.waitUntil(keepAll()));
self.addEventListener("activate", (event) => event.waitUntil(forgetOthers()));
self.addEventListener("message", ({ data }) => {
  if (data === "take over") self.skipWaiting();
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== scope.origin) return;
  if (!url.pathname.startsWith(scope.pathname)) return;
  const path = url.pathname.slice(scope.pathname.length) || "index.html";
  if (path in files) event.respondWith(answer(path, request));
  // What is kept is unpacked already: engine.mjs then asks for the file itself.
  else if (path.endsWith(".gz") && path.slice(0, -3) in files)
    event.respondWith(new Response(null, { status: 204 }));
});

const answer = async (path, request) => {
  if (request.mode === "navigate" && (await isNewerWaiting())) {
    self.registration.waiting?.postMessage("take over");
    return new Response(UNTIL_TAKEN_OVER, { headers: { "Content-Type": "text/html" } });
  }
  const cache = await caches.open(cacheName);
  return (await cache.match(address(path))) ?? fetch(request);
};

const isNewerWaiting = async () => {
  if (!self.registration.waiting) return false;
  const pages = await self.clients.matchAll({ type: "window" });
  return pages.length < 2;
};

const keepAll = async () => {
  const cache = await caches.open(cacheName);
  const others = await Promise.all((await otherNames()).map((name) => caches.open(name)));
  const left = Object.keys(files);
  const keepNext = async () => {
    for (let path = left.pop(); path; path = left.pop()) await keep(path, cache, others);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, keepNext));
};

// From an older version where it has not changed; else from what the browser
// has of this visit; and where that is not of this version, from the network.
const keep = async (path, cache, others) => {
  const url = address(path);
  if (await cache.match(url)) return;
  const sources = [
    ...others.map((other) => () => other.match(url)),
    () => fetch(url),
    () => fetch(url, { cache: "reload" }),
  ];
  for (const source of sources) {
    const found = await source();
    if (!found?.ok) continue;
    const kept = found.clone();
    if ((await hashOf(found)) === files[path]) return cache.put(url, kept);
  }
  throw new Error(`${path} is not the one of this version`);
};

const hashOf = async (response) => {
  const digest = await crypto.subtle.digest("SHA-256", await response.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
};

const otherNames = async () =>
  (await caches.keys()).filter((name) => name.startsWith(family) && name !== cacheName);

const forgetOthers = async () => {
  for (const name of await otherNames()) await caches.delete(name);
};
