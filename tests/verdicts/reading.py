"""Pages as a browser would read them."""

from html.parser import HTMLParser

SCRIPTS = {"/static/js/theme.js", "/static/js/site.js", "/static/js/vote.js"}
ADDRESSES = {"href", "src", "action", "formaction", "poster", "data", "xlink:href"}


class Page(HTMLParser):
    """The elements of a page, and whatever in it could run."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.executable: list[str] = []
        self.texts: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.elements.append((tag, found))
        if tag in {"style", "iframe", "object", "embed", "base", "foreignobject"}:
            self.executable.append(tag)
        is_data = found == {"type": "application/ld+json"}
        is_ours = found.get("src") in SCRIPTS
        if tag == "script" and not is_data and not is_ours:
            self.executable.append(f"script {found}")
        if tag == "meta" and "http-equiv" in found:
            self.executable.append(f"meta {found}")
        for name, value in found.items():
            scheme = value.strip().lower().split(":")[0]
            if name.startswith("on") or name in {"style", "srcdoc"}:
                self.executable.append(f"{tag} {name}={value}")
            if name in ADDRESSES and ":" in value and scheme not in {"http", "https", "mailto"}:
                self.executable.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """Return the attributes of each element that has these."""
        return [found for name, found in self.elements if name == tag and attributes.items() <= found.items()]

    @property
    def links(self) -> list[str]:
        return [found["href"] for found in self.all("a") if "href" in found]

    @property
    def canonical(self) -> list[str]:
        return [found["href"] for found in self.all("link", rel="canonical")]

    @property
    def robots(self) -> list[str]:
        return [found["content"] for found in self.all("meta", name="robots")]


def read(response) -> Page:
    return Page(response.content.decode())
