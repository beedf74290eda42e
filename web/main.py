"""The interface: events in, calls to the worker out, what it answers onto the page."""

from pyscript import document, workers


async def start():
    core = await workers["core"]
    document.getElementById("status").textContent = "Engine live: " + await core.versions()


await start()
