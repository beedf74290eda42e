// Keeps the page on this machine, so that it opens without a network from the
// second visit on: asks for the service worker once the engine has what it
// needs. Where there can be none (a file, no secure origin, a visitor who saves
// data), the page is as it was.
const delayMs = 3000;

const keep = () => {
  if (!("serviceWorker" in navigator) || navigator.connection?.saveData) return;
  navigator.serviceWorker.register(new URL("service-worker.js", import.meta.url)).catch((error) => {
    console.info(`PhantomGPU is not kept for visits without a network: ${error.message}`);
  });
};

const channel = new BroadcastChannel("phantomgpu-engine");
channel.onmessage = ({ data }) => {
  if (data.loaded < data.total) return;
  channel.close();
  setTimeout(keep, delayMs);
};
