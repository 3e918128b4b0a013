"""Section 4.4, data sets: from what the publisher ships to what `bench.data.prepared` reads. One file a source format.

A prepared set is a folder:

``dataset/``  Hugging Face `datasets` as `save_to_disk` writes it (Arrow), rows sorted by id as text, with the columns
    ``image_id``  string
    ``image``     Image: the publisher's bytes, untouched
    ``label``     binary: a lossless 16-bit grey PNG of the image's size; class ids 1..N as in the class table,
                  0 background or a class outside the list, 65535 void
    ``licence``   string
    ``objects``   binary, where the set has objects: the same kind of PNG; the number of an object of the pixel's class
                  from 1 on, 0 none, 65535 several that nobody told apart
    ``digest``    binary: sha256 over id, image bytes and arrays, see `bench.data.whole`
``zgs.json``  what it is, written last: without it the set is not finished
    ``format`` 1 (2 with objects, and ``objects`` n), ``name`` (pascal_context_59), ``class_list`` (context59),
    ``split``, ``images`` n, ``published`` n,
    ``ids`` (sha256 over the ids in their order),
    ``fingerprint`` (sha256 over ids, image bytes and label arrays), ``source`` (layout and label order that were found,
    and how the order was told), ``background`` (voc | context | ignore: how the authors' scores treat it),
    ``histogram`` ({name: {"pixels": n, "images": n}}), ``missing`` (ids of the list that are left out), ``licence``,
    ``made`` (versions)
``check.png``  a contact sheet: colours and names over photographs, to look at
"""
