"""One method per user action, in values that JSON can hold; what cli/ and web/worker.py call.

``App(catalog, library, open_builtin)`` knows the profiles and the built-in
models, and keeps the models that were opened. It does no I/O: shells read
files, addresses and blobs, and hand over a ``Source``. Mistakes raise
``PhantomGPUError``, whose ``as_dict()`` has code, what, where and fix.

====================  ==================================================================
``open_model``        Source -> summary: id, inputs, free dims with guesses, bytes read
``models``            built-in and opened models
``gpus``, ``gpu``     the catalogue, one entry in full (TOML text, values, sources)
``runtimes``          the runtime profiles
``check_profile``     TOML text -> problems with line and column, else the GPU it describes
``compare``           request -> the document of ``compare --json``
``compare_streaming`` request -> its cells, one after the other
``answer``            request -> that document, the winner sentence, charts, CSV, Markdown
``inspect``           model -> the document of ``inspect --json``
``explain``           one cell -> its kernels with their times, charts, memory over the run
``encode_link``       request -> share link and its length
``decode_link``       share link -> request, and what its sender saw
====================  ==================================================================

A request is a mapping with the fields of ``comparison.Request``: ``models``,
``gpus``, ``runtimes``, ``precisions``, ``batches``, ``dims``, ``profiles``
(TOML text of custom GPUs by id); all but the first two may be left out.
"""
