"""Pictures made here: badges as SVG, cards for link previews as PNG. No browser, no network, our own fonts."""
